"""What Stripe calls: the handler behind the function URL."""
