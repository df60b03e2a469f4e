"""The refusal of a reply is none of the refusals that end a command by themselves."""

from tfuq.errors import TfuqError
from tfuq.serving.reply_error import ReplyError


def test_a_reply_that_is_not_believed_is_to_be_named_by_who_asked():
    """It says nothing of the server, so it must not reach a user as it is."""
    error = ReplyError("votes holds NaN")
    assert str(error) == "votes holds NaN"
    assert not isinstance(error, TfuqError)
    assert not isinstance(error, ValueError)  # as what it is raised beside
