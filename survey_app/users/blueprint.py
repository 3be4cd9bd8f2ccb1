"""The blueprint that all pages of this subject add their routes to."""

from flask import Blueprint

bp = Blueprint("users", __name__, template_folder="templates")
