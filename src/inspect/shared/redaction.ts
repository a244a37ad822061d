import { parseJson } from '../../base/json.ts';
import { isRecord, type JsonRecord } from '../../base/record.ts';
import { withoutSecrets } from '../../wire/one-line.ts';

const withheld = '[withheld]';

/** The harmless fields of our own frames. Any other field may be a token or a proof, or help to make one. */
const plainFields: ReadonlySet<string> = new Set(
  [
    'maia,v,relay,storage,durability,limits,inspect,minAppVersion,kernel,appVersion',
    'method,principal,accountID,expiresInMs,quota,code,reason,id,sessionID,retryAfterMs,closing,t,ask,known',
  ].flatMap((names) => names.split(',')),
);
const plainDemand: ReadonlySet<string> = new Set(['methods', 'withinMs']);

/** Strips tokens, proofs, signatures, nonces and unknown fields from a `maia` frame. */
export function withoutProofs(frame: JsonRecord): string {
  const { auth, reason } = frame;
  // Only a `hello` frame has this field.
  const demand = isRecord(auth) ? { auth: pick(auth, plainDemand) } : auth === null ? { auth } : {};
  const said = typeof reason === 'string' ? { reason: withoutSecrets(reason) } : {};
  return withoutKeys(JSON.stringify({ ...pick(frame, plainFields), ...demand, ...said }));
}

/** Hides plaintext keys, such as a public group's: the panel must not show them even though a relay may see them. */
export function withoutKeys(text: string): string {
  return text.includes('Secret_z')
    ? text.replaceAll(/((?:key|sealer|signer|invite)Secret_z)[1-9A-HJ-NP-Za-km-z]+/g, `$1${withheld}`)
    : text;
}

/** Replaces what the app wrote with its length, for an ordinary export. */
export function withoutChanges(text: string): string {
  const value = parseJson(text);
  if (!isRecord(value) || value.action !== 'content' || !isRecord(value.new)) return text;
  const sessions = Object.entries(value.new).map(([sessionID, session]): readonly [string, unknown] => {
    if (!isRecord(session) || !Array.isArray(session.newTransactions)) return [sessionID, session];
    const transactions: readonly unknown[] = session.newTransactions;
    return [sessionID, { ...session, newTransactions: transactions.map(withChangeLengths) }];
  });
  return JSON.stringify({ ...value, new: Object.fromEntries(sessions) });
}

function withChangeLengths(transaction: unknown): unknown {
  if (!isRecord(transaction)) return transaction;
  const lengthInstead = (key: string) => {
    const changes = transaction[key];
    return typeof changes === 'string' ? { [key]: `[${changes.length} characters]` } : {};
  };
  return {
    ...transaction,
    ...lengthInstead('changes'),
    ...lengthInstead('encryptedChanges'),
    ...lengthInstead('meta'),
  };
}

function pick(record: JsonRecord, plain: ReadonlySet<string>): JsonRecord {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, plain.has(key) ? value : withheld]),
  );
}
