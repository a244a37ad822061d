import type { MemberRole } from './group-transaction.ts';

type Answers = Map<object, Map<string, MemberRole | undefined>>;

/** The answers of all groups to the outermost question: there can be many ways up to the same group. */
let answers: Answers | undefined;

/** Answers a question about a role in a group; only once while an outer one is answered. */
export function askedOnce(
  group: object,
  question: string,
  answer: () => MemberRole | undefined,
): MemberRole | undefined {
  const isOutermost = answers === undefined;
  answers ??= new Map<object, Map<string, MemberRole | undefined>>();
  const all = answers;
  try {
    const ofGroup = all.get(group) ?? new Map<string, MemberRole | undefined>();
    all.set(group, ofGroup);
    if (!ofGroup.has(question)) ofGroup.set(question, answer());
    return ofGroup.get(question);
  } finally {
    if (isOutermost) answers = undefined;
  }
}
