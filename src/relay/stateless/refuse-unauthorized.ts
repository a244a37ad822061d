import type { Content } from '../../engine/content.ts';
import { contentRefusals } from '../admission/content-refusal.ts';
import type { Rights } from '../authorize/authorizer.ts';
import { maySend, type NamedOptions } from '../client/rights/may-send.ts';
import { StatelessRefusal } from './refusal.ts';

/** `authorize` does not allow the client these. */
export function notAuthorized(ids: Iterable<string>, retryAfterMs?: number): StatelessRefusal {
  const { code, sentence } = contentRefusals['not-authorized'];
  return new StatelessRefusal(code, sentence, {
    ids: [...ids],
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** Rejects with a `StatelessRefusal` unless the client may push all of these changes. */
export async function refusePush(
  changes: readonly Content[],
  rights: Rights,
  options: NamedOptions,
): Promise<void> {
  const mayLoad = (id: string) => rights.decide(id, 'load');
  const denied = await deniedIn(changes, (change) => maySend(change, { ...rights, mayLoad }, options));
  if (denied.size > 0) throw notAuthorized(denied);
}

/** The same for a pull. */
export async function refusePull(ids: readonly string[], rights: Rights): Promise<void> {
  const denied = await deniedOf(ids, rights);
  if (denied.size > 0) throw notAuthorized(denied);
}

/** Those that the client may not load. */
export async function deniedOf(ids: readonly string[], rights: Rights): Promise<ReadonlySet<string>> {
  return deniedIn(
    ids.map((id) => ({ id })),
    ({ id }) => rights.decide(id, 'load'),
  );
}

async function deniedIn<T extends { readonly id: string }>(
  all: readonly T[],
  isAllowed: (one: T) => boolean | Promise<boolean>,
): Promise<ReadonlySet<string>> {
  const answers = await Promise.all(all.map(async (one) => [one.id, await isAllowed(one)] as const));
  return new Set(answers.filter(([, isYes]) => !isYes).map(([id]) => id));
}
