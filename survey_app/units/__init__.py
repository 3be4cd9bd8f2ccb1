"""The organisation: units and bản, valid by date (đơn vị, bản/khối)."""
