/** The start page of the admin port. */
export const adminPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Local gateway</title>
<h1>Local gateway</h1>
<ul>
<li><a href="/ready">/ready</a>: 200 once every plugin has started
<li><a href="/stats/prometheus">/stats/prometheus</a>: metrics
<li><a href="/config_dump">/config_dump</a>: plugins, clusters and routes in effect, secrets masked
<li><a href="/logs">/logs</a>: log lines as an event stream
<li><code>POST /reload</code>: read the resource files again
</ul>
</html>
`;
