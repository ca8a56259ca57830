"""The only importer of pynamodb: how wallets, purchases and usage lie in DynamoDB."""
