import { onTestFinished } from 'vitest';
import { startCuttableProxy, type CuttableProxy } from './cuttable-proxy.ts';

export interface TcpProxy extends Pick<CuttableProxy, 'cut' | 'mend'> {
  /** The address of the target through the proxy. */
  readonly url: string;
}

/** A proxy in front of a server, to simulate outages. It ends with the test. */
export async function startProxy(targetUrl: string): Promise<TcpProxy> {
  const url = new URL(targetUrl);
  const { port, cut, mend, close } = await startCuttableProxy({
    host: url.hostname,
    port: Number(url.port || 5432),
  });
  onTestFinished(close);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return { url: url.href, cut, mend };
}
