import { createKernelError } from '../../base/kernel-error.ts';
import { isRecord } from '../../base/record.ts';
import { readAdminToken } from '../admin/admin-token.ts';
import type { AdminRequest } from './admin-request.ts';

const answerWithinMs = 30_000;

/** Resolves with the relay's answer, as JSON. Rejects with RELAY_SETTING_INVALID, or RELAY_UNREACHABLE. */
export async function askAdmin({ act, fields, port, tokenFile }: AdminRequest): Promise<string> {
  const token = await readAdminToken(tokenFile);
  const { isDone, answer } = await ask(act, fields, port, token);
  if (isDone) return JSON.stringify(answer, undefined, 2);
  throw createKernelError('RELAY_SETTING_INVALID', `The relay did not do it: ${messageIn(answer)}`);
}

async function ask(
  act: string,
  fields: object,
  port: number,
  token: string,
): Promise<{ readonly isDone: boolean; readonly answer: unknown }> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/admin/${act}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(fields),
      signal: AbortSignal.timeout(answerWithinMs),
    });
    return { isDone: response.ok, answer: await response.json() };
  } catch (cause) {
    throw createKernelError(
      'RELAY_UNREACHABLE',
      `No relay answers on port ${port} of this machine. Start the relay there with ADMIN_PORT=${port}, or correct ADMIN_PORT.`,
      { cause },
    );
  }
}

function messageIn(answer: unknown): string {
  const error = isRecord(answer) ? answer.error : undefined;
  return isRecord(error) && typeof error.message === 'string' ? error.message : 'It gave no reason.';
}
