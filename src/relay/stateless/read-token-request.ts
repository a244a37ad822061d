import { parseJson } from '../../base/json.ts';
import { isRecord } from '../../base/record.ts';
import { readParsed } from '../../wire/frames.ts';
import { isCoValueID } from '../../wire/ids.ts';
import { StatelessRefusal } from './refusal.ts';
import type { AccountAuth } from './relay-tokens.ts';

/** Asks for a token or a ticket, by an account proof, or for a ticket by the token of an identity server in the header. */
export type TokenRequest =
  { readonly proof: AccountAuth; readonly isForTicket: boolean } | { readonly accountID: string };

/** Throws a `StatelessRefusal`, with nothing of what was sent. */
export function readTokenRequest(body: Buffer): TokenRequest {
  const value = parseJson(body.toString('utf8'));
  if (!isRecord(value)) throw invalid();
  const { proof, agentID, signature, scope, accountID } = value;
  const isForTicket = scope === 'push';
  if (proof === undefined && isForTicket && isCoValueID(accountID)) return { accountID };
  try {
    const frame = { maia: 'auth', method: 'account', proof, agentID, signature };
    const read = readParsed(isForTicket ? frame : { ...frame, scope });
    if (read.kind === 'maia' && read.frame.maia === 'auth' && read.frame.method === 'account')
      return { proof: read.frame, isForTicket };
  } catch {
    // Refused below.
  }
  throw invalid();
}

function invalid(): StatelessRefusal {
  return new StatelessRefusal('invalid', 'The body is not an account proof.');
}
