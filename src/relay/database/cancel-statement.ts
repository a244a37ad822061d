import { connect } from 'node:net';
import type { ClientBase } from 'pg';

const cancelRequestCode = 80_877_102;

interface Backend {
  readonly host: string;
  readonly port: number;
  readonly processID: number | null;
  readonly secretKey: number | null;
}

/**
 * Asks the server to cancel what this connection runs. Unlike the setting `statement_timeout`, this also works through a pooler
 * that gives each transaction another session. The request goes over a connection of its own, without TLS, as
 * PostgreSQL accepts it; if it does not arrive, the statement goes on.
 */
export function cancelStatement(client: ClientBase): void {
  const { host, port, processID, secretKey } = client as unknown as Backend;
  if (processID === null || secretKey === null) return;
  const request = Buffer.alloc(16);
  request.writeInt32BE(request.length, 0);
  request.writeInt32BE(cancelRequestCode, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  socket.on('error', () => {});
  // The server closes the connection without an answer. PgBouncer drops the request if this end closes first.
  socket.setTimeout(5_000, () => socket.destroy()).resume();
  socket.write(request);
}
