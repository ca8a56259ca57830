"""The only sender of messages: e-mail, customers' webhooks, a topic, and the queue of those that nobody took."""
