"""Pages of personal data."""

from flask import Blueprint

bp = Blueprint("personal_data", __name__, template_folder="templates")
