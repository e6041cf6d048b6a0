import htmx from 'htmx.org'
document.documentElement.dataset.scripted = htmx.version
