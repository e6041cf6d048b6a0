"""What a declared procedure is and how it runs: pure calculation, without Django and without a database."""
