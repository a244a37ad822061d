import type { Content } from '../../engine/content.ts';
import { contentRefusals } from '../admission/content-refusal.ts';
import type { Rights } from '../authorize/authorizer.ts';
import { maySend, type NamedOptions } from '../client/rights/may-send.ts';
import { StatelessRefusal } from './refusal.ts';

const { code, sentence } = contentRefusals['not-authorized'];

/** Rejects with a `StatelessRefusal` unless the client may push all of these changes. */
export async function refusePush(
  changes: readonly Content[],
  rights: Rights,
  options: NamedOptions,
): Promise<void> {
  const mayLoad = (id: string) => rights.decide(id, 'load');
  await refuseUnless(changes, (change) => maySend(change, { ...rights, mayLoad }, options));
}

/** The same for a pull. */
export async function refusePull(ids: readonly string[], rights: Rights): Promise<void> {
  await refuseUnless(
    ids.map((id) => ({ id })),
    ({ id }) => rights.decide(id, 'load'),
  );
}

async function refuseUnless<T extends { readonly id: string }>(
  all: readonly T[],
  isAllowed: (one: T) => boolean | Promise<boolean>,
): Promise<void> {
  const answers = await Promise.all(all.map(async (one) => [one.id, await isAllowed(one)] as const));
  const ids = new Set(answers.filter(([, isYes]) => !isYes).map(([id]) => id));
  if (ids.size > 0) throw new StatelessRefusal(code, sentence, { ids: [...ids] });
}
