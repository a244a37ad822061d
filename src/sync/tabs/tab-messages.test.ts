import type { RawCoID } from 'cojson';
import { describe, expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createAnnouncements, type Announcement } from './announcements.ts';
import { maxCoValues, readTabMessage } from './tab-messages.ts';

const node = await createAccountNode();
const from = node.currentSessionID;
const map = node.createGroup().createMap({ a: 1 });
const { id } = map;
const counts = { header: 1, [from]: 1 };
const [content] = map.core.newContentSince() ?? [];
const read = (message: object) => readTabMessage({ v: 1, from, ...message });

describe('a message from another tab', () => {
  it('is parsed as it was posted', () => {
    const messages = [
      { kind: 'hello' },
      { kind: 'here' },
      { kind: 'bye' },
      { kind: 'saved', kept: 'kernel', coValues: [[id, counts, true]] },
      { kind: 'confirmed', relayID: 'r', generation: 2, coValues: [[id, counts, false]] },
      { kind: 'confirmed', relayID: 'r', generation: 0, coValues: [] },
      { kind: 'sent', relayID: 'r', coValues: [[id, counts]] },
      { kind: 'lost', relayID: 'r' },
      { kind: 'content', contents: [content] },
    ];
    for (const message of messages) expect(read(message)).toEqual({ v: 1, from, ...message });
  });

  it('is ignored if it is malformed or of another version', () => {
    const saved = { kind: 'saved', kept: 'kernel' };
    const confirmed = { kind: 'confirmed', relayID: 'r', generation: 0 };
    const tooMany = Array.from({ length: maxCoValues + 1 }, () => [id, {}, true]);
    const messages: readonly unknown[] = [
      ...[undefined, null, 1, 'saved', [], {}],
      { v: 2, from, kind: 'hello' },
      { v: 1, kind: 'hello' },
      { v: 1, from: 'somebody', kind: 'hello' },
      ...[
        { kind: 'dance' },
        { ...saved, coValues: 'all' },
        { ...saved, coValues: tooMany },
        { ...saved, coValues: [['no id', counts, true]] },
        { ...saved, coValues: [[id, { 'no session': 1 }, true]] },
        { ...saved, coValues: [[id, { [from]: -1 }, true]] },
        { ...saved, coValues: [[id, { [from]: '1' }, true]] },
        { ...saved, coValues: [[id, counts, 'yes']] },
        { ...saved, coValues: [[id, counts]] },
        { ...saved, kept: 'memory', coValues: [] },
        { ...confirmed, relayID: 1, coValues: [] },
        { ...confirmed, generation: '1', coValues: [] },
        { ...confirmed, coValues: [[id, null, true]] },
        { kind: 'sent', relayID: 'r', coValues: [[id]] },
        { kind: 'lost', relayID: 1 },
        { kind: 'content', contents: Array.from({ length: 101 }, () => content) },
      ].map((message) => ({ v: 1, from, ...message })),
    ];
    for (const message of messages) expect([message, readTabMessage(message)]).toEqual([message, undefined]);
  });

  it('loses content that would be rejected from the wire', () => {
    const forged = { ...content, new: { [from]: { after: 'x', newTransactions: [], lastSignature: '' } } };
    const load = { action: 'load', id, header: false, sessions: {} };
    expect(read({ kind: 'content', contents: [forged, load, 7, content] })).toMatchObject({
      contents: [content],
    });
  });
});

describe('a tab’s announcements', () => {
  it('go out once per turn, merged, in messages of bounded size', async () => {
    const posted: Announcement[] = [];
    const announcements = createAnnouncements({
      kept: () => 'kernel',
      generationOf: () => 2,
      post: (announcement) => posted.push(announcement),
    });
    announcements.saved(id, { header: 1 }, false);
    announcements.saved(id, { [from]: 1 }, true);
    announcements.confirmed('r', id, counts);
    announcements.sent('r', id, counts);
    expect(posted).toEqual([]);
    await Promise.resolve();
    expect(posted).toEqual([
      { kind: 'saved', kept: 'kernel', coValues: [[id, counts, true]] },
      { kind: 'confirmed', relayID: 'r', generation: 2, coValues: [[id, counts]] },
      { kind: 'sent', relayID: 'r', coValues: [[id, counts]] },
    ]);
    for (let n = 0; n < maxCoValues * 2 + 1; n++) announcements.saved(`co_z${n}` as RawCoID, {}, false);
    await Promise.resolve();
    expect(posted).toHaveLength(6);
  });
});
