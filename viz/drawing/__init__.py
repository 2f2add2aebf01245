"""Pictures of graphs: boxes, layout by Graphviz, SVG."""
