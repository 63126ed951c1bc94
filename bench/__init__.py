"""What is measured, against whom: one module per `headrace bench NAME`, run from the project's root."""
