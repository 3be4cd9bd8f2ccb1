"""The demonstration rounds: 2021 scored, 2022 open for answers."""
