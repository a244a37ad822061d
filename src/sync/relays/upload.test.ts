import { expect, it } from 'vitest';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { createUpload } from './upload.ts';

it('[CONN-13] counts the bytes of content as they enter the buffer, leave it, and are lost with the connection', async () => {
  const node = await createAgentNode();
  const [content] = node.createGroup().core.newContentSince(undefined) ?? [];
  if (!content) throw new Error('The group has no content.');
  const upload = createUpload();
  upload.sent(content, 300);
  upload.sent(content, 200);
  expect(upload.state).toEqual({ bytes: 0, bufferedBytes: 500 });
  expect(upload.drained()).toEqual([content, content]);
  expect(upload.drained()).toEqual([]);
  upload.sent(content, 40);
  expect(upload.state).toEqual({ bytes: 500, bufferedBytes: 40 });
  upload.lost();
  expect(upload.state).toEqual({ bytes: 0, bufferedBytes: 0 });
  expect(upload.drained()).toEqual([]);
});
