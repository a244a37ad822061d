import { parseJson } from '../../base/json.ts';
import { isRecord } from '../../base/record.ts';
import { maxTokenLength } from '../../wire/frames.ts';
import { isCoValueID } from '../../wire/ids.ts';

export interface NoticeAuth {
  readonly type: 'auth';
  readonly token: string | undefined;
  readonly clientId: string;
  /** The groups and accounts about which the client wants notices. */
  readonly collections: readonly string[];
}

export type NoticeMessage = NoticeAuth | { readonly type: 'ping' };

const maxCollections = 100;
const maxNameLength = 128;

/** Undefined if it is none. */
export function readNoticeMessage(text: string): NoticeMessage | undefined {
  const value = parseJson(text);
  if (!isRecord(value)) return undefined;
  if (value.type === 'ping') return { type: 'ping' };
  const { type, token, clientId, collections } = value;
  if (type !== 'auth' || !isName(clientId)) return undefined;
  if (token !== undefined && !(typeof token === 'string' && token.length <= maxTokenLength)) return undefined;
  if (!Array.isArray(collections) || collections.length === 0 || collections.length > maxCollections)
    return undefined;
  return collections.every(isCoValueID)
    ? { type, token, clientId, collections: [...new Set<string>(collections)] }
    : undefined;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxNameLength;
}
