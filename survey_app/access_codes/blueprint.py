"""The blueprint that all pages of this subject add their routes to."""

from flask import Blueprint

bp = Blueprint("access_codes", __name__, template_folder="templates")
