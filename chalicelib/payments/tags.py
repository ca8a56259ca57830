"""Our tags in Stripe's metadata: by them we know what is ours."""

PURCHASE, WALLET = "tally_purchase", "tally_wallet"
REFUND = "tally_refund"
TOPUP = "tally_topup"
