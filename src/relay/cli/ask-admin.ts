import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createKernelError } from '../../base/kernel-error.ts';
import { isRecord } from '../../base/record.ts';
import { readAdminToken } from '../admin/admin-token.ts';
import type { AdminRequest } from './admin-request.ts';

const answerWithinMs = 30_000;
/** It may read all tables. */
const personalWithinMs = 3_600_000;

/**
 * Writes the relay's answer, which is JSON, or the lines of an export. Rejects with RELAY_SETTING_INVALID, or RELAY_UNREACHABLE.
 */
export async function askAdmin(
  { act, fields, port, tokenFile }: AdminRequest,
  output: NodeJS.WritableStream,
): Promise<void> {
  const token = await readAdminToken(tokenFile);
  const response = await ask(act, fields, port, token);
  if (!response.ok)
    throw createKernelError(
      'RELAY_SETTING_INVALID',
      `The relay did not do it: ${messageIn(await answerOf(response, port))}`,
    );
  if (act !== 'export')
    return void output.write(`${JSON.stringify(await answerOf(response, port), undefined, 2)}\n`);
  try {
    const lines = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
    await pipeline(lines, output, { end: false });
  } catch (cause) {
    throw createKernelError(
      'RELAY_UNREACHABLE',
      'The relay did not send all of the export, so its last line is missing. Look into the log of the relay, then export again.',
      { cause },
    );
  }
}

async function ask(act: string, fields: object, port: number, token: string): Promise<Response> {
  try {
    return await fetch(`http://127.0.0.1:${port}/admin/${act}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(fields),
      signal: AbortSignal.timeout(act === 'erase' || act === 'export' ? personalWithinMs : answerWithinMs),
    });
  } catch (cause) {
    throw unreachable(port, cause);
  }
}

async function answerOf(response: Response, port: number): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    throw unreachable(port, cause);
  }
}

function unreachable(port: number, cause: unknown) {
  return createKernelError(
    'RELAY_UNREACHABLE',
    `No relay answers on port ${port} of this machine. Start the relay there with ADMIN_PORT=${port}, or correct ADMIN_PORT.`,
    { cause },
  );
}

function messageIn(answer: unknown): string {
  const error = isRecord(answer) ? answer.error : undefined;
  return isRecord(error) && typeof error.message === 'string' ? error.message : 'It gave no reason.';
}
