"""What documents are made of: frozen dataclasses, one module per family of documents."""
