import type { RawCoID } from 'cojson';
import { describe, expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createAnnouncements, type Announcement } from './announcements.ts';
import { mostCoValues, readTabMessage } from './tab-messages.ts';

const node = await createAccountNode();
const from = node.currentSessionID;
const map = node.createGroup().createMap({ a: 1 });
const { id } = map;
const coverage = { header: 1, [from]: 1 };
const [content] = map.core.newContentSince() ?? [];
const heard = (message: object) => readTabMessage({ v: 1, from, ...message });

describe('a message of another tab', () => {
  it('is read as it was posted', () => {
    const messages = [
      { kind: 'hello' },
      { kind: 'here' },
      { kind: 'bye' },
      { kind: 'saved', kept: 'kernel', coValues: [[id, coverage, true]] },
      { kind: 'confirmed', relayID: 'r', storage: 's/1', coValues: [[id, coverage, false]] },
      { kind: 'confirmed', relayID: 'r', storage: undefined, coValues: [] },
      { kind: 'sent', relayID: 'r', coValues: [[id, coverage]] },
      { kind: 'content', contents: [content] },
    ];
    for (const message of messages) expect(heard(message)).toEqual({ v: 1, from, ...message });
  });

  it('of another version, or malformed, is none', () => {
    const saved = { kind: 'saved', kept: 'kernel' };
    const confirmed = { kind: 'confirmed', relayID: 'r' };
    const tooMany = Array.from({ length: mostCoValues + 1 }, () => [id, {}, true]);
    const messages: readonly unknown[] = [
      ...[undefined, null, 1, 'saved', [], {}],
      { v: 2, from, kind: 'hello' },
      { v: 1, kind: 'hello' },
      { v: 1, from: 'somebody', kind: 'hello' },
      ...[
        { kind: 'dance' },
        { ...saved, coValues: 'all' },
        { ...saved, coValues: tooMany },
        { ...saved, coValues: [['no id', coverage, true]] },
        { ...saved, coValues: [[id, { 'no session': 1 }, true]] },
        { ...saved, coValues: [[id, { [from]: -1 }, true]] },
        { ...saved, coValues: [[id, { [from]: '1' }, true]] },
        { ...saved, coValues: [[id, coverage, 'yes']] },
        { ...saved, coValues: [[id, coverage]] },
        { ...saved, kept: 'memory', coValues: [] },
        { ...confirmed, relayID: 1, coValues: [] },
        { ...confirmed, storage: 1, coValues: [] },
        { ...confirmed, coValues: [[id, null, true]] },
        { kind: 'sent', relayID: 'r', coValues: [[id]] },
        { kind: 'content', contents: Array.from({ length: 101 }, () => content) },
      ].map((message) => ({ v: 1, from, ...message })),
    ];
    for (const message of messages) expect([message, readTabMessage(message)]).toEqual([message, undefined]);
  });

  it('is rid of content that would not pass from the wire', () => {
    const forged = { ...content, new: { [from]: { after: 'x', newTransactions: [], lastSignature: '' } } };
    const load = { action: 'load', id, header: false, sessions: {} };
    expect(heard({ kind: 'content', contents: [forged, load, 7, content] })).toMatchObject({
      contents: [content],
    });
  });
});

describe('what a tab tells', () => {
  it('goes out once a turn, joined, in messages of bounded size', async () => {
    const posted: Announcement[] = [];
    const announcements = createAnnouncements({
      kept: () => 'kernel',
      storageOf: () => 's/1',
      post: (announcement) => posted.push(announcement),
    });
    announcements.saved(id, { header: 1 }, false);
    announcements.saved(id, { [from]: 1 }, true);
    announcements.confirmed('r', id, coverage, true);
    announcements.sent('r', id, coverage);
    expect(posted).toEqual([]);
    await Promise.resolve();
    expect(posted).toEqual([
      { kind: 'saved', kept: 'kernel', coValues: [[id, coverage, true]] },
      { kind: 'confirmed', relayID: 'r', storage: 's/1', coValues: [[id, coverage, true]] },
      { kind: 'sent', relayID: 'r', coValues: [[id, coverage]] },
    ]);
    for (let n = 0; n < mostCoValues * 2 + 1; n++) announcements.saved(`co_z${n}` as RawCoID, {}, false);
    await Promise.resolve();
    expect(posted).toHaveLength(6);
  });
});
