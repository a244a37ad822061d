import { type NotCounted, type NotCountedKind } from '../model/not-counted.ts';
import { formatCount } from '../sync/format-span.ts';

export function notCountedTitle(count: number): string {
  return formatCount(count, 'change does not count', 'changes do not count');
}

/** Why, and what the user can do. */
export function notCountedText(
  count: number,
  reason: NotCounted['reason'] | undefined,
  canChange: boolean,
): string {
  const them = count === 1 ? 'it' : 'them';
  const why = {
    'not-a-member-then': `You made ${them} after you were removed from this list`,
    'no-access': `You made ${them} after you lost the right to change this list`,
    typed: 'You were still typing when you lost the right to change this list',
  }[reason ?? 'typed'];
  const next = canChange
    ? `You can make ${them} again now.`
    : 'Copy your words or put them into another list. To change this list again, ask whoever manages it.';
  return reason ? `${why}, so other members do not see ${them}. ${next}` : `${why}. ${next}`;
}

const kindTexts: Record<Exclude<NotCountedKind, 'words' | 'title' | 'sharing'>, string> = {
  added: 'added',
  deleted: 'deleted',
  checked: 'checked off',
  unchecked: 'unchecked',
  moved: 'moved',
  picture: 'given a picture',
  'picture-removed': 'picture removed',
};

/** What the user did to the item, such as “checked off, moved”. */
export function changeText({ kinds, wordsBefore }: NotCounted): string {
  return kinds
    .map((kind) => {
      switch (kind) {
        case 'words':
          return wordsBefore === undefined ? 'added' : `renamed from “${wordsBefore}”`;
        case 'title':
          return 'new name of this list';
        case 'sharing':
          return 'a change to who can open this list';
        default:
          return kindTexts[kind];
      }
    })
    .join(', ');
}

/** The words that the user can copy, one item to a line. */
export function wordsOf(all: readonly NotCounted[]): readonly string[] {
  return all
    .filter(({ kinds }) => kinds.includes('added') || kinds.includes('words'))
    .map(({ words }) => words);
}
