import type { CDPSession } from '@playwright/test';
import type { Evidence } from '../../../test/secrets/find-secrets.ts';

export interface Traffic {
  /** All network traffic, with headers and bodies. Waits for bodies that are still being read. */
  read(): Promise<readonly Evidence[]>;
  /** The sync messages among the frames, in both directions. */
  messages(): readonly unknown[];
}

/** Events of each HTTP request and response, which hold the URL in different fields. */
const httpEvents = [
  'Network.requestWillBeSent',
  'Network.requestWillBeSentExtraInfo',
  'Network.responseReceived',
  'Network.responseReceivedExtraInfo',
] as const;
const handshakeEvents = [
  'Network.webSocketCreated',
  'Network.webSocketWillSendHandshakeRequest',
  'Network.webSocketHandshakeResponseReceived',
] as const;

/** Listens below the page's scripts, from its next request on. */
export async function recordTraffic(cdp: CDPSession): Promise<Traffic> {
  const evidence: Evidence[] = [];
  const frames: string[] = [];
  const bodies: Promise<void>[] = [];
  /** Requests of blobs stay inside the browser. */
  const blobs = new Set<string>();
  /** The browser's own questions before a request to another origin. Chromium keeps no body of the answers. */
  const preflights = new Set<string>();
  const note = (place: string, content: Evidence['content']) => void evidence.push({ place, content });

  for (const event of httpEvents) {
    const place = event.includes('request') ? 'HTTP request' : 'HTTP response';
    cdp.on(event, (params: object) => note(`${place}: head`, JSON.stringify(params)));
  }
  for (const event of handshakeEvents) {
    cdp.on(event, (params: object) => note('WebSocket handshake: head', JSON.stringify(params)));
  }
  cdp.on('Network.requestWillBeSent', ({ requestId, request }) => {
    if (request.url.startsWith('blob:')) blobs.add(requestId);
  });
  cdp.on('Network.responseReceived', ({ requestId, type }) => {
    if (type === 'Preflight') preflights.add(requestId);
  });
  cdp.on('Network.loadingFinished', ({ requestId }) => {
    if (!preflights.has(requestId)) bodies.push(readBodies(requestId));
  });
  cdp.on('Network.webSocketFrameSent', ({ response }) => noteFrame('sent', response));
  cdp.on('Network.webSocketFrameReceived', ({ response }) => noteFrame('received', response));
  const size = 100_000_000;
  await cdp.send('Network.enable', {
    maxTotalBufferSize: size,
    maxResourceBufferSize: size,
    maxPostDataSize: size,
  });

  function noteFrame(way: string, frame: { readonly opcode: number; readonly payloadData: string }): void {
    const isText = frame.opcode === 1;
    if (isText) frames.push(frame.payloadData);
    note(`WebSocket ${way}: frame`, isText ? frame.payloadData : Buffer.from(frame.payloadData, 'base64'));
  }

  async function readBodies(requestId: string): Promise<void> {
    const answer = await valueOrReason(cdp.send('Network.getResponseBody', { requestId }));
    if (typeof answer === 'string') note('unread body: response', `${requestId}: ${answer}`);
    else
      note(
        `${blobs.has(requestId) ? 'blob' : 'HTTP response'}: body`,
        Buffer.from(answer.body, answer.base64Encoded ? 'base64' : 'utf8'),
      );
    const post = await valueOrReason(cdp.send('Network.getRequestPostData', { requestId }));
    if (typeof post !== 'string') note('HTTP request: body', post.postData); // Most requests have no body.
  }

  return {
    async read() {
      while (bodies.length > 0) await bodies.pop();
      return evidence;
    },
    messages: () => frames.flatMap((frame) => frame.split('\n')).flatMap(parse),
  };
}

function valueOrReason<T>(answer: Promise<T>): Promise<T | string> {
  return answer.catch((error: unknown) => String(error));
}

function parse(json: string): readonly unknown[] {
  try {
    return [JSON.parse(json)];
  } catch {
    return []; // Not one of our frames.
  }
}
