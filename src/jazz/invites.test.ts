import { Account, co, consumeInviteLink, createInviteLink, Group, z } from 'jazz-tools';
import { describe, expect, it } from 'vitest';
import { useTestRelay } from '../../test/support/session/sessions-at-relay.ts';
import { createStockClient } from '../../test/support/relay/stock-client.ts';
import { until } from '../../test/support/until.ts';
import { createJazzManager } from './index.ts';

const Note = co.map({ text: z.string() });
const baseURL = 'https://app.example/list';

const { url, onEnd, openSession } = useTestRelay();

/** An account of jazz-tools alone: stock cojson, without the kernel. */
async function openStockAccount(): Promise<Account> {
  const node = await createStockClient(url());
  return Account.fromNode<Account>(node);
}

/** As an app of jazz-tools opens a link. */
async function consume(inviteURL: string, as: Account) {
  const invite = await consumeInviteLink({ inviteURL, as, invitedObjectSchema: Note });
  const note = await Note.load(invite?.valueID ?? '', { loadAs: as });
  if (!note.$isLoaded) throw new Error(note.$jazz.loadingState);
  return note;
}

async function newNote(owner: Account) {
  const note = Note.create({ text: 'ours' }, Group.create({ owner }));
  await note.$jazz.owner.$jazz.waitForSync();
  await note.$jazz.waitForSync();
  return note;
}

describe('[JAZZ-5] a link of session.share', { timeout: 60_000 }, () => {
  it.each(['a session', 'jazz-tools alone'])('opens in jazz-tools, on %s', async (kind) => {
    const maker = await openSession();
    const { me } = createJazzManager(maker);
    const note = await newNote(me);
    const { link, groupID } = await maker.share(note.$jazz.id, { role: 'writer', url: baseURL });
    await maker.sync.whenConfirmed(groupID);
    const guest = kind === 'a session' ? createJazzManager(await openSession()).me : await openStockAccount();
    const there = await consume(link, guest);
    expect(there.text).toBe('ours');
    expect(there.$jazz.owner.getRoleOf(guest.$jazz.id)).toBe('writer');
    there.$jazz.set('text', 'theirs');
    await there.$jazz.waitForSync();
    const watched = maker.watch(note.$jazz.id);
    onEnd(watched.subscribe(() => {}));
    await until(() => expect(watched.current).toMatchObject({ value: { text: 'theirs' } }));
  });
});

describe('[JAZZ-6] a link of createInviteLink', { timeout: 60_000 }, () => {
  it.each(['a session', 'jazz-tools alone'])('made on %s opens in a session', async (kind) => {
    const maker = kind === 'a session' ? createJazzManager(await openSession()).me : await openStockAccount();
    const note = await newNote(maker);
    const link = createInviteLink(note, 'reader', { baseURL, valueHint: 'note' });
    await note.$jazz.owner.$jazz.waitForSync();
    const guest = await openSession();
    expect(await guest.acceptInvite(link)).toEqual({
      id: note.$jazz.id,
      groupID: note.$jazz.owner.$jazz.id,
      role: 'reader',
      wasMember: false,
    });
    expect((await guest.load(note.$jazz.id)).get('text')).toBe('ours');
  });
});
