"""What the operator asks: counts that add up, lag, freshness."""
