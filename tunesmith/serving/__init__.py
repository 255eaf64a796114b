"""Models in memory -> answers over HTTP, as OpenAI's API has them: served as measured."""
