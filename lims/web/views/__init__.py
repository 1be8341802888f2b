"""The pages, one module per area. A view reads selectors, calls services, fills a template; it knows no rule."""
