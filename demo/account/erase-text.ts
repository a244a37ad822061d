import { type ErasedAtRelay, type PreviewAtRelay } from '@MaiaOS/kernel';
import { formatBytes } from '../ui/format-bytes.ts';

/** What an erasure would take, and what stays, in plain words. One line for each consequence. */
export function previewText(previews: readonly PreviewAtRelay[]): readonly string[] {
  const bytes = Math.max(0, ...previews.map((preview) => preview.bytes));
  const kept = sharedIn(previews);
  const days = previews.map(({ backupDays }) => backupDays);
  const longest = Math.max(0, ...days.map((count) => count ?? 0));
  return [
    `Your account, your own lists and their pictures are erased from the relay for good: ${formatBytes(bytes)} in all.`,
    kept === 0
      ? hasHeader(previews)
        ? 'You share no list any more. What you wrote in lists of others stays with them.'
        : 'You share no list, so nothing of yours stays there.'
      : `${kept === 1 ? 'One list that you share stays' : `${kept} lists that you share stay`} for the other members, with what you wrote there.`,
    'This device forgets the account. Your other devices keep what they have until you sign out there. So do devices of other people.',
    days.some((count) => count === null)
      ? 'The relay’s operator may keep backups for some time, which still have all of it.'
      : `Backups of the relay still have all of it for ${longest} ${longest === 1 ? 'day' : 'days'}.`,
  ];
}

/** For the gate, after the erasure. */
export function erasedText(erased: readonly ErasedAtRelay[]): string {
  if (erased.length === 0) return 'No relay had it. This device has forgotten it, too.';
  const relays = erased.length === 1 ? 'The relay' : `${erased.length} relays`;
  const untils = erased.map(({ certificate }) => certificate.backupsUntil);
  const until = untils.includes(null) ? undefined : untils.toSorted().at(-1);
  const backups =
    until === undefined || until === null
      ? 'Its operator may keep backups for some time.'
      : `Backups are gone by ${until.slice(0, 10)}.`;
  return `${relays} erased it and signed a certificate, which was saved as a file. ${backups}`;
}

/** Others need the account to check what it wrote with them. */
function hasHeader(previews: readonly PreviewAtRelay[]): boolean {
  return previews.some(({ kept }) => kept.length > 0);
}

/** A header alone is no list. */
function sharedIn(previews: readonly PreviewAtRelay[]): number {
  const lists = previews.flatMap(({ kept }) => kept.filter(({ withoutContent }) => !withoutContent));
  return new Set(lists.map(({ id }) => id)).size;
}
