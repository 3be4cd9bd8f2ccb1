"""First tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempt",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "minute", name=op.f("pk_attempt")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_action"), ["action"], unique=False)

    op.create_table(
        "ban",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("commune_code", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("successor_code", sa.String(), nullable=True),
        sa.Column("search_key", sa.String(), nullable=False),
        sa.Column("order_key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ban")),
        sa.UniqueConstraint("code", "valid_from", name=op.f("uq_ban_code")),
    )
    with op.batch_alter_table("ban", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ban_commune_code"), ["commune_code"], unique=False)

    op.create_table(
        "unit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("successor_code", sa.String(), nullable=True),
        sa.Column("address_place", sa.String(), nullable=False),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.Column("search_key", sa.String(), nullable=False),
        sa.Column("order_key", sa.String(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('tinh', 'huyen', 'xa', 'thi_tran', 'phuong', 'dac_khu', 'so', 'phong', 'dvsn')",
            name=op.f("ck_unit_kind_known"),
        ),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_unit_validity_in_order")),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_unit_parent_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("code", "valid_from", name=op.f("uq_unit_code")),
    )
    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.create_index("ix_unit_path", ["path"], unique=False)

    op.create_table(
        "round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("operator_unit_id", sa.Integer(), nullable=False),
        sa.Column("lists_open_on", sa.Date(), nullable=True),
        sa.Column("lists_due_on", sa.Date(), nullable=True),
        sa.Column("handover_due_on", sa.Date(), nullable=True),
        sa.Column("opens_on", sa.Date(), nullable=True),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("grace_hours", sa.Integer(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=True),
        sa.Column("period_to", sa.Date(), nullable=True),
        sa.Column("age_on", sa.Date(), nullable=True),
        sa.Column("erase_personal_data_on", sa.Date(), nullable=True),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("k_min", sa.Integer(), nullable=False),
        sa.Column("key_mode", sa.String(), nullable=False),
        sa.Column("help_phone", sa.String(), nullable=False),
        sa.Column("help_hours", sa.String(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lists_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("roster_locked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("envelopes_opened_on", sa.Date(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("closed_at IS NULL OR opened_at IS NOT NULL", name=op.f("ck_round_closed_after_opened")),
        sa.CheckConstraint(
            "closes_on IS NULL OR opens_on IS NULL OR closes_on >= opens_on", name=op.f("ck_round_dates_in_order")
        ),
        sa.CheckConstraint(
            "envelopes_opened_on IS NULL OR closed_at IS NOT NULL", name=op.f("ck_round_envelopes_after_closing")
        ),
        sa.CheckConstraint("k_min >= 2", name=op.f("ck_round_k_min_protects")),
        sa.ForeignKeyConstraint(["operator_unit_id"], ["unit.id"], name=op.f("fk_round_operator_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round")),
        sa.UniqueConstraint("code", name=op.f("uq_round_code")),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("full_name", sa.String(), nullable=False),
        sa.Column("position", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("dense_tables", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("theme", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("search_key", sa.String(), nullable=False),
        sa.Column("order_key", sa.String(), nullable=False),
        sa.CheckConstraint(
            "role IN ('operator', 'unit_officer', 'unit_head', 'interviewer', 'clerk', 'appraiser', 'leader', 'receiver', 'administrator')",
            name=op.f("ck_user_account_role_known"),
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_user_account_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("login", name=op.f("uq_user_account_login")),
    )
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_account_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "criterion_set",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("source_name", sa.String(), nullable=False),
        sa.Column("source_sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_criterion_set_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_criterion_set")),
        sa.UniqueConstraint("round_id", name=op.f("uq_criterion_set_round_id")),
    )
    op.create_table(
        "one_time_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_one_time_code_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_code")),
    )
    with op.batch_alter_table("one_time_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_one_time_code_user_id"), ["user_id"], unique=False)

    op.create_table(
        "opening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("envelopes", sa.Integer(), nullable=False),
        sa.Column("ballots", sa.Integer(), nullable=False),
        sa.Column("faulty", sa.Integer(), nullable=False),
        sa.Column("merged_cells", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("program_version", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.CheckConstraint("stage IN ('opened', 'cleaned')", name=op.f("ck_opening_stage_known")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_opening_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening")),
        sa.UniqueConstraint("round_id", name=op.f("uq_opening_round_id")),
    )
    op.create_table(
        "rated_unit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_rated_unit_round_id_round")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_rated_unit_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rated_unit")),
        sa.UniqueConstraint("round_id", "unit_id", name=op.f("uq_rated_unit_round_id")),
    )
    with op.batch_alter_table("rated_unit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rated_unit_round_id"), ["round_id"], unique=False)

    op.create_table(
        "respondent_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("list_type", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("self_rating", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "list_type IN ('officials', 'citizens', 'business')", name=op.f("ck_respondent_group_list_type_known")
        ),
        sa.CheckConstraint("mode IN ('sealed', 'confidential')", name=op.f("ck_respondent_group_mode_known")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_respondent_group_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_respondent_group")),
        sa.UniqueConstraint("round_id", "code", name=op.f("uq_respondent_group_round_id")),
    )
    with op.batch_alter_table("respondent_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_respondent_group_round_id"), ["round_id"], unique=False)

    op.create_table(
        "roster_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_by_id", sa.Integer(), nullable=False),
        sa.Column("locked_by_name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["locked_by_id"], ["user_account.id"], name=op.f("fk_roster_version_locked_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_roster_version_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_version")),
        sa.UniqueConstraint("round_id", "number", name=op.f("uq_roster_version_round_id")),
    )
    with op.batch_alter_table("roster_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_roster_version_round_id"), ["round_id"], unique=False)

    op.create_table(
        "round_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("holder_name", sa.String(), nullable=False),
        sa.Column("holder_body", sa.String(), nullable=False),
        sa.Column("invite_hash", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=True),
        sa.Column("fingerprint", sa.String(), nullable=True),
        sa.Column("tested_before_start", sa.Boolean(), nullable=False),
        sa.Column("tested_before_closing", sa.Boolean(), nullable=False),
        sa.Column("destroyed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_round_key_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_key")),
        sa.UniqueConstraint("invite_hash", name=op.f("uq_round_key_invite_hash")),
    )
    with op.batch_alter_table("round_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_round_key_round_id"), ["round_id"], unique=False)

    op.create_table(
        "score_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("inputs_sha256", sa.String(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("program_version", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("made_by_name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["made_by_id"], ["user_account.id"], name=op.f("fk_score_run_made_by_id_user_account")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_score_run_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_run")),
        sa.UniqueConstraint("round_id", "number", name=op.f("uq_score_run_round_id")),
    )
    with op.batch_alter_table("score_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_score_run_round_id"), ["round_id"], unique=False)

    op.create_table(
        "staff_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_staff_session_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_session_token_hash")),
    )
    with op.batch_alter_table("staff_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("group_code", sa.String(), nullable=True),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("reading", sa.JSON(), nullable=False),
        sa.Column("uploaded_by_id", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_upload_round_id_round")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_upload_unit_id_unit")),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"], ["user_account.id"], name=op.f("fk_upload_uploaded_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_upload_round_id"), ["round_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_upload_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "area",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("criterion_set_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["criterion_set_id"], ["criterion_set.id"], name=op.f("fk_area_criterion_set_id_criterion_set")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
        sa.UniqueConstraint("criterion_set_id", "code", name=op.f("uq_area_criterion_set_id")),
    )
    with op.batch_alter_table("area", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_area_criterion_set_id"), ["criterion_set_id"], unique=False)

    op.create_table(
        "cell",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("weight_class", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("invited", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["respondent_group.id"], name=op.f("fk_cell_group_id_respondent_group")),
        sa.ForeignKeyConstraint(["merged_into_id"], ["cell.id"], name=op.f("fk_cell_merged_into_id_cell")),
        sa.ForeignKeyConstraint(["parent_id"], ["cell.id"], name=op.f("fk_cell_parent_id_cell")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_cell_round_id_round")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_cell_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cell")),
        sa.UniqueConstraint("group_id", "unit_id", "weight_class", name=op.f("uq_cell_group_id")),
    )
    with op.batch_alter_table("cell", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cell_group_id"), ["group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cell_round_id"), ["round_id"], unique=False)

    op.create_table(
        "free_text",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["respondent_group.id"], name=op.f("fk_free_text_group_id_respondent_group")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_free_text_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_free_text")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("free_text", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_free_text_round_id"), ["round_id"], unique=False)

    op.create_table(
        "questionnaire_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source_name", sa.String(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loaded_by_id", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("number > 0", name=op.f("ck_questionnaire_version_number_positive")),
        sa.ForeignKeyConstraint(
            ["group_id"], ["respondent_group.id"], name=op.f("fk_questionnaire_version_group_id_respondent_group")
        ),
        sa.ForeignKeyConstraint(
            ["loaded_by_id"], ["user_account.id"], name=op.f("fk_questionnaire_version_loaded_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["published_by_id"], ["user_account.id"], name=op.f("fk_questionnaire_version_published_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire_version")),
        sa.UniqueConstraint("group_id", "number", name=op.f("uq_questionnaire_version_group_id")),
    )
    with op.batch_alter_table("questionnaire_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_questionnaire_version_group_id"), ["group_id"], unique=False)

    op.create_table(
        "quota",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=True),
        sa.Column("maximum", sa.Integer(), nullable=True),
        sa.CheckConstraint("maximum IS NULL OR maximum >= target", name=op.f("ck_quota_maximum_above_target")),
        sa.CheckConstraint("minimum IS NULL OR minimum <= target", name=op.f("ck_quota_minimum_below_target")),
        sa.CheckConstraint("target >= 0", name=op.f("ck_quota_target_not_negative")),
        sa.ForeignKeyConstraint(["group_id"], ["respondent_group.id"], name=op.f("fk_quota_group_id_respondent_group")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_quota_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota")),
        sa.UniqueConstraint("group_id", "unit_id", name=op.f("uq_quota_group_id")),
    )
    with op.batch_alter_table("quota", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quota_group_id"), ["group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_quota_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "unit_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("short_reason", sa.String(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('none', 'draft', 'awaiting_head', 'submitted', 'returned', 'approved', 'locked')",
            name=op.f("ck_unit_list_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["respondent_group.id"], name=op.f("fk_unit_list_group_id_respondent_group")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_unit_list_round_id_round")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_list_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_list")),
        sa.UniqueConstraint("group_id", "unit_id", name=op.f("uq_unit_list_group_id")),
    )
    with op.batch_alter_table("unit_list", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unit_list_group_id"), ["group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_unit_list_round_id"), ["round_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_unit_list_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "answer_count",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("cell_id", sa.Integer(), nullable=False),
        sa.Column("rated_unit_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("weight_sum", sa.Double(), nullable=False),
        sa.Column("weight_square_sum", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["cell_id"], ["cell.id"], name=op.f("fk_answer_count_cell_id_cell")),
        sa.ForeignKeyConstraint(
            ["rated_unit_id"], ["rated_unit.id"], name=op.f("fk_answer_count_rated_unit_id_rated_unit")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_answer_count_round_id_round")),
        sa.PrimaryKeyConstraint("round_id", "cell_id", "rated_unit_id", "item", "level", name=op.f("pk_answer_count")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ballot",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("cell_id", sa.Integer(), nullable=False),
        sa.Column("rated_unit_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["cell_id"], ["cell.id"], name=op.f("fk_ballot_cell_id_cell")),
        sa.ForeignKeyConstraint(["rated_unit_id"], ["rated_unit.id"], name=op.f("fk_ballot_rated_unit_id_rated_unit")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_ballot_round_id_round")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["questionnaire_version.id"], name=op.f("fk_ballot_version_id_questionnaire_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("ballot", schema=None) as batch_op:
        batch_op.create_index("ix_ballot_round_id_cell_id", ["round_id", "cell_id"], unique=False)

    op.create_table(
        "batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("cell_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ticked", sa.Integer(), nullable=False),
        sa.Column("keyed", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('paper', 'slip', 'assisted')", name=op.f("ck_batch_kind_known")),
        sa.CheckConstraint("keyed <= ticked", name=op.f("ck_batch_keyed_within_ticked")),
        sa.ForeignKeyConstraint(["cell_id"], ["cell.id"], name=op.f("fk_batch_cell_id_cell")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_batch_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
    )
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_batch_round_id"), ["round_id"], unique=False)

    op.create_table(
        "criterion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("max_points", sa.Numeric(precision=8, scale=4), nullable=False),
        sa.Column("scored_by", sa.String(), nullable=False),
        sa.Column("group_codes", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "scored_by IN ('self_assessment', 'survey', 'sipas')", name=op.f("ck_criterion_scored_by_known")
        ),
        sa.CheckConstraint("max_points > 0", name=op.f("ck_criterion_max_points_positive")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_criterion_area_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_criterion")),
    )
    with op.batch_alter_table("criterion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_criterion_area_id"), ["area_id"], unique=False)

    op.create_table(
        "list_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_list_event_by_id_user_account")),
        sa.ForeignKeyConstraint(["list_id"], ["unit_list.id"], name=op.f("fk_list_event_list_id_unit_list")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_event")),
    )
    with op.batch_alter_table("list_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_list_event_list_id"), ["list_id"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("gender", sa.String(), nullable=True),
        sa.Column("ethnicity", sa.String(), nullable=True),
        sa.Column("job_title", sa.String(), nullable=True),
        sa.Column("workplace", sa.String(), nullable=True),
        sa.Column("ban", sa.String(), nullable=True),
        sa.Column("ban_code", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("business", sa.String(), nullable=True),
        sa.Column("tax_code", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("procedure", sa.String(), nullable=True),
        sa.Column("dossier", sa.String(), nullable=True),
        sa.Column("receipt_date", sa.Date(), nullable=True),
        sa.Column("return_date", sa.Date(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("search_key", sa.String(), nullable=False),
        sa.Column("order_key", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["unit_list.id"], name=op.f("fk_person_list_id_unit_list")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_list_id"), ["list_id"], unique=False)

    op.create_table(
        "change_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('add', 'replace', 'remove', 'correct')", name=op.f("ck_change_request_kind_known")
        ),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> author_id", name=op.f("ck_change_request_decided_by_another")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_change_request_author_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_change_request_decided_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["list_id"], ["unit_list.id"], name=op.f("fk_change_request_list_id_unit_list")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_change_request_person_id_person")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_change_request_round_id_round")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["roster_version.id"], name=op.f("fk_change_request_version_id_roster_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_request")),
    )
    with op.batch_alter_table("change_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_change_request_round_id"), ["round_id"], unique=False)

    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("cell_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("replay_digest", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('unused', 'received', 'refused', 'unreachable', 'replaced')",
            name=op.f("ck_invitation_state_known"),
        ),
        sa.ForeignKeyConstraint(["cell_id"], ["cell.id"], name=op.f("fk_invitation_cell_id_cell")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_invitation_person_id_person")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_invitation_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("person_id", name=op.f("uq_invitation_person_id")),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitation_cell_id"), ["cell_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invitation_round_id"), ["round_id"], unique=False)

    op.create_table(
        "leaf_score",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("criterion_id", sa.Integer(), nullable=False),
        sa.Column("rated_unit_id", sa.Integer(), nullable=False),
        sa.Column("points", sa.Numeric(precision=8, scale=4), nullable=True),
        sa.Column("exact", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["criterion_id"], ["criterion.id"], name=op.f("fk_leaf_score_criterion_id_criterion")),
        sa.ForeignKeyConstraint(
            ["rated_unit_id"], ["rated_unit.id"], name=op.f("fk_leaf_score_rated_unit_id_rated_unit")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["score_run.id"], name=op.f("fk_leaf_score_run_id_score_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leaf_score")),
        sa.UniqueConstraint("run_id", "criterion_id", "rated_unit_id", name=op.f("uq_leaf_score_run_id")),
    )
    with op.batch_alter_table("leaf_score", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_leaf_score_run_id"), ["run_id"], unique=False)

    op.create_table(
        "access_code",
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=True),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("spent", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(invitation_id IS NULL) <> (batch_id IS NULL)", name=op.f("ck_access_code_one_owner")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_access_code_batch_id_batch")),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_access_code_invitation_id_invitation")
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_access_code")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("access_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_code_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_access_code_invitation_id"), ["invitation_id"], unique=False)

    op.create_table(
        "envelope",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=True),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("(invitation_id IS NULL) <> (batch_id IS NULL)", name=op.f("ck_envelope_one_owner")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_envelope_batch_id_batch")),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_envelope_invitation_id_invitation")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_envelope_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_envelope")),
        sa.UniqueConstraint("invitation_id", name=op.f("uq_envelope_invitation_id")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("envelope", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_envelope_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_envelope_round_id"), ["round_id"], unique=False)

    op.create_table(
        "identified_answer",
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_identified_answer_invitation_id_invitation")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["questionnaire_version.id"],
            name=op.f("fk_identified_answer_version_id_questionnaire_version"),
        ),
        sa.PrimaryKeyConstraint("invitation_id", name=op.f("pk_identified_answer")),
    )


def downgrade() -> None:
    op.drop_table("identified_answer")
    with op.batch_alter_table("envelope", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_envelope_round_id"))
        batch_op.drop_index(batch_op.f("ix_envelope_batch_id"))

    op.drop_table("envelope")
    with op.batch_alter_table("access_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_code_invitation_id"))
        batch_op.drop_index(batch_op.f("ix_access_code_batch_id"))

    op.drop_table("access_code")
    with op.batch_alter_table("leaf_score", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_leaf_score_run_id"))

    op.drop_table("leaf_score")
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitation_round_id"))
        batch_op.drop_index(batch_op.f("ix_invitation_cell_id"))

    op.drop_table("invitation")
    with op.batch_alter_table("change_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_change_request_round_id"))

    op.drop_table("change_request")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_list_id"))

    op.drop_table("person")
    with op.batch_alter_table("list_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_list_event_list_id"))

    op.drop_table("list_event")
    with op.batch_alter_table("criterion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_criterion_area_id"))

    op.drop_table("criterion")
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_batch_round_id"))

    op.drop_table("batch")
    with op.batch_alter_table("ballot", schema=None) as batch_op:
        batch_op.drop_index("ix_ballot_round_id_cell_id")

    op.drop_table("ballot")
    op.drop_table("answer_count")
    with op.batch_alter_table("unit_list", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_unit_list_unit_id"))
        batch_op.drop_index(batch_op.f("ix_unit_list_round_id"))
        batch_op.drop_index(batch_op.f("ix_unit_list_group_id"))

    op.drop_table("unit_list")
    with op.batch_alter_table("quota", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quota_unit_id"))
        batch_op.drop_index(batch_op.f("ix_quota_group_id"))

    op.drop_table("quota")
    with op.batch_alter_table("questionnaire_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_questionnaire_version_group_id"))

    op.drop_table("questionnaire_version")
    with op.batch_alter_table("free_text", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_free_text_round_id"))

    op.drop_table("free_text")
    with op.batch_alter_table("cell", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cell_round_id"))
        batch_op.drop_index(batch_op.f("ix_cell_group_id"))

    op.drop_table("cell")
    with op.batch_alter_table("area", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_area_criterion_set_id"))

    op.drop_table("area")
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_upload_unit_id"))
        batch_op.drop_index(batch_op.f("ix_upload_round_id"))

    op.drop_table("upload")
    with op.batch_alter_table("staff_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_session_user_id"))

    op.drop_table("staff_session")
    with op.batch_alter_table("score_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_score_run_round_id"))

    op.drop_table("score_run")
    with op.batch_alter_table("round_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_round_key_round_id"))

    op.drop_table("round_key")
    with op.batch_alter_table("roster_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_roster_version_round_id"))

    op.drop_table("roster_version")
    with op.batch_alter_table("respondent_group", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_respondent_group_round_id"))

    op.drop_table("respondent_group")
    with op.batch_alter_table("rated_unit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rated_unit_round_id"))

    op.drop_table("rated_unit")
    op.drop_table("opening")
    with op.batch_alter_table("one_time_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_one_time_code_user_id"))

    op.drop_table("one_time_code")
    op.drop_table("criterion_set")
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_account_unit_id"))

    op.drop_table("user_account")
    op.drop_table("round")
    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.drop_index("ix_unit_path")

    op.drop_table("unit")
    with op.batch_alter_table("ban", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ban_commune_code"))

    op.drop_table("ban")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_action"))

    op.drop_table("audit_entry")
    op.drop_table("attempt")
