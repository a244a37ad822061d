/** A page or a worker of a browser. Node has no `location`, nor a Content-Security-Policy. */
export function isInBrowser(): boolean {
  return 'location' in globalThis;
}

/** The origin of the page or worker. */
export function ownOrigin(): string | undefined {
  return isInBrowser() ? location.origin : undefined;
}
