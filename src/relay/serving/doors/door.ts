/** Where clients reach the relay. */
export interface Door {
  readonly port: number;
  readonly url: string;
  /** Resolves once nobody reaches the relay here any more. */
  close(): Promise<void>;
}

/** A server that listens on all addresses is reachable on loopback. */
export function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
