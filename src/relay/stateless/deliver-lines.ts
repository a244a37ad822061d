import type { ServerResponse } from 'node:http';
import type { Clock } from '../../base/clock.ts';
import { allowTime } from '../client/http/allow-time.ts';
import type { Delivery } from './deliver-answer.ts';

/** An answer that is made while it is sent, so that it takes no memory. */
export interface LinesAnswer {
  readonly lines: AsyncGenerator<string>;
}

const pieceLength = 64_000;

/** Sends lines as fast as the client takes them. A failure ends the connection, so that the last line is missing. */
export function deliverLines(
  response: ServerResponse,
  { lines }: LinesAnswer,
  { waitMs, clock, failed }: { readonly waitMs: number; readonly clock: Clock; failed(error: unknown): void },
): Delivery {
  const { socket } = response;
  const cut = () => void socket?.destroy();
  const allowance = allowTime(waitMs, clock, cut);
  let isClosed = false;
  let wake = () => {};
  const ended = new Promise<void>((resolve) => {
    response.once('close', () => {
      isClosed = true;
      wake();
      resolve();
    });
    if (!socket || socket.destroyed) resolve();
  });

  async function sendAll(): Promise<void> {
    let text = '';
    for await (const line of lines) {
      text += `${line}\n`;
      if (text.length < pieceLength) continue;
      if (isClosed) return;
      if (!response.write(text)) {
        // Only while the client makes the relay wait.
        allowance.goOn();
        await drained();
        allowance.hold();
      }
      allowance.progressed(text.length);
      text = '';
    }
    response.end(text);
    allowance.goOn();
  }

  const drained = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
      response.once('drain', resolve);
      if (isClosed) resolve();
    });

  allowance.hold();
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  sendAll()
    .catch((error: unknown) => {
      failed(error);
      cut();
    })
    .finally(() => void lines.return(undefined));
  return { ended: ended.finally(allowance.end), hurry: allowance.shorten, cut };
}
