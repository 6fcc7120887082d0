"""What the portal keeps of notifications, and of the records that they tell of."""

from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    FloatField,
    IntField,
    ListField,
    StringField,
)


class Notification(Document):
    """Something that an account is told of, once: the id follows from what, and from whom.

    `kind` is one of telling.KINDS; `record_type`, `record` and `action` say which step of which
    record, `facts` what else the sentence needs: codes, numbers and times, never a text. `at` is
    when it happened. `mail` says that it has yet to be put into the mail, and how.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "notifications",
        "indexes": [
            ("account", "-created_at", "id"),
            ("account", "read_at", "-created_at"),
            # Many wait for the next digest all day: those that are due are found by time.
            ("mail", "created_at"),
            {"fields": ["expires_at"], "expireAfterSeconds": 0},
        ],
        "retired_indexes": ["mail_1", "account_1_read_at_1"],
    }

    id = StringField(primary_key=True)
    account = StringField(required=True)
    kind = StringField(required=True)
    record_type = StringField(required=True)
    record = StringField(required=True)
    action = StringField(required=True)
    facts = DictField()
    at = DateTimeField(required=True)
    created_at = DateTimeField(required=True)
    read_at = DateTimeField()
    mail = StringField()
    expires_at = DateTimeField(required=True)


class Followed(Document):
    """What is known of a record by its newest event, and how much of its history was told.

    A projection: the id is `<type>:<record>`. `visibility` is a request's level, `line_levels`
    those of its lines. `states` are those of a record of several States, `asked` those of them
    whose answer it waits for. A proposal is of a `request` and of an `offer`. An offer to join is
    of the proposal `match`, whose donor is its `organisation`, and of the organisation that
    `joins`. `told` steps of the history were told, the last of which happened at `told_at`.
    `lacking`: a proposal whose request is not known yet, without which nobody can say what its
    donor may read, or an offer to join a proposal that nobody endorsed. `exemptions` are an
    embargo's, by number and last day.
    `themes` are those of a request's lines, each once, and `line_themes` of each line, in the order
    of `line_levels`. `score` is that of a possible duplicate or coverage. Of a shortlist, whose
    `record` is its request, `offers` are the first ones, each of `scores`, and `entered` says when
    each came among them; `listed` are all, and `came` says when each came on the list. `heard` is
    the version that was heard of last, at `heard_at`. Of what is decided on a proposal and has yet
    to take effect (deciding.py) it is known that it is otherwise since `heard_at`, and of which
    State. `about` are the records by whose titles people know one that has none and whose id does
    not tell them, each as `<type>:<id>`. What is kept of earlier versions has no `line_themes`,
    `listed`, `came` and `about`.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "followed",
        "indexes": [
            {"fields": ["request", "lacking"], "sparse": True},
            {"fields": ["offer"], "sparse": True},
            {"fields": ["exemptions.to"], "sparse": True},
            {"fields": ["heard_at"], "sparse": True},
            ("organisation", "record_type"),
        ],
    }

    id = StringField(primary_key=True)
    epoch = IntField(required=True)
    number = IntField(required=True)
    record_type = StringField(required=True)
    record = StringField(required=True)
    country = StringField()
    organisation = StringField()
    status = StringField()
    request = StringField()
    offer = StringField()
    visibility = StringField()
    line_levels = ListField(StringField())
    match = StringField()
    joins = StringField()
    states = ListField(StringField())
    asked = ListField(StringField())
    exemptions = ListField(DictField())
    answer_by = DateTimeField()
    amounts = ListField(DictField())
    history = ListField(DictField())
    lacking = BooleanField()
    told = IntField(required=True, default=0)
    told_at = StringField()
    themes = ListField(StringField())
    line_themes = ListField(StringField())
    score = FloatField()
    offers = ListField(StringField())
    scores = ListField(FloatField())
    entered = ListField(DictField())
    listed = ListField(StringField())
    came = ListField(DictField())
    about = ListField(StringField())
    heard = StringField()
    heard_at = DateTimeField()
