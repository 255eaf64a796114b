"""Slack's exports come in; threads of messages go out, with the words of blocks and attachments."""
