import type { CoValueCore } from 'cojson';
import { genesisSession, type Content, type SessionID } from '../../engine/content.ts';

/**
 * Splits the first content of an account, so that its genesis arrives before sessions that are judged by it. Undefined if
 * there is nothing to split.
 */
export function genesisFirst(
  message: Content,
  coValue: CoValueCore | undefined,
): readonly [Content, Content] | undefined {
  const ruleset = coValue?.verified ? undefined : message.header?.ruleset;
  if (ruleset?.type !== 'group') return undefined;
  const sessionID = `${ruleset.initialAdmin}_${genesisSession}` as SessionID;
  const { [sessionID]: genesis, ...others } = message.new;
  if (!genesis || Object.keys(others).length === 0) return undefined;
  const { header: _, ...rest } = message;
  return [
    { ...message, new: { [sessionID]: genesis } },
    { ...rest, new: others },
  ];
}
