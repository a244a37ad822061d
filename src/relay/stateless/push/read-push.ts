import { isKernelError } from '../../../base/kernel-error.ts';
import { parseJson } from '../../../base/json.ts';
import { isRecord } from '../../../base/record.ts';
import type { Content } from '../../../engine/content.ts';
import { readParsed } from '../../../wire/frames.ts';
import { oversizedSession } from '../../client/content-parts.ts';
import { hasTooManyParts, maxParts, maxPartsInStrings } from '../../client/reading/message-parts.ts';
import { isCursor } from '../pull/cursor.ts';
import { StatelessRefusal } from '../refusal.ts';

/** Changes to be stored, all of them or none. */
export interface PushRequest {
  readonly changes: readonly Content[];
  /** Returned unchanged: a push shows the client nothing that others wrote. */
  readonly since: string | null;
  readonly clientID: string | undefined;
}

export const maxChanges = 1_000;
const maxNameLength = 128;

/** Validates the body as the messages of a connected client. Throws a `StatelessRefusal`, which repeats none of the content. */
export function readPush(body: Buffer, appID: string | undefined): PushRequest {
  const text = body.toString('utf8');
  if (hasTooManyParts(text))
    throw tooLarge(
      `A push has more than ${maxParts} entries, or ${maxPartsInStrings} within its transactions.`,
    );
  const value = parseJson(text);
  if (!isRecord(value)) throw invalid('the body is not a JSON object');
  const { changes, clientId, since = null, collections = [] } = value;
  if (!Array.isArray(changes)) throw invalid('`changes` is not a list');
  if (changes.length > maxChanges)
    throw tooLarge(`${changes.length} changes exceed the limit of ${maxChanges} in one push.`);
  if (clientId !== undefined && !(typeof clientId === 'string' && clientId.length <= maxNameLength))
    throw invalid('`clientId` is malformed');
  if (since !== null && !(typeof since === 'string' && isCursor(since, appID)))
    throw invalid('`since` is no cursor');
  if (!Array.isArray(collections) || collections.length > 0)
    throw invalid('`collections` must be empty: this relay does not list them yet. Pull by `ids`');
  return { changes: changes.map(readChange), since, clientID: clientId };
}

function readChange(value: unknown): Content {
  const message = readContent(value);
  const tooMuch = oversizedSession(message);
  if (tooMuch !== undefined) throw tooLarge(`${tooMuch}. Send such a session in several changes.`);
  return message;
}

function readContent(value: unknown): Content {
  try {
    const read = readParsed(value);
    if (read.kind === 'sync' && read.message.action === 'content') return read.message;
  } catch (error) {
    if (isKernelError(error, 'MESSAGE_INVALID')) throw new StatelessRefusal('invalid', error.message);
    throw error;
  }
  throw invalid('a change is no `content` message');
}

function invalid(what: string): StatelessRefusal {
  return new StatelessRefusal('invalid', `Refused a push: ${what}.`);
}

function tooLarge(reason: string): StatelessRefusal {
  return new StatelessRefusal('too-large', reason);
}
