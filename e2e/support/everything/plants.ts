import type { Page } from '@playwright/test';

/** A secret planted somewhere. */
export interface Plant {
  readonly name: string;
  /** Where it must be found; prefixes of place names. */
  readonly places: readonly string[];
  readonly form: 'hex' | 'base64' | 'base58';
  /** `echo` is the address of a server that echoes what it receives. */
  put(page: Page, text: string, echo: string): Promise<unknown>;
}

const bytesOf = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));

/** One for each kind of place in which a page can leave something. */
export const plants: readonly Plant[] = [
  {
    name: 'a value of localStorage',
    places: ['localStorage'],
    form: 'base58',
    put: (page, text) => page.evaluate((text) => localStorage.setItem('planted', text), text),
  },
  {
    name: 'a key of localStorage',
    places: ['localStorage'],
    form: 'hex',
    put: (page, text) => page.evaluate((text) => localStorage.setItem(text, ''), text),
  },
  {
    name: 'sessionStorage',
    places: ['sessionStorage'],
    form: 'base64',
    put: (page, text) => page.evaluate((text) => sessionStorage.setItem('planted', text), text),
  },
  {
    name: 'a string in IndexedDB',
    places: ['IndexedDB: planted/things'],
    form: 'base64',
    put: (page, text) => putInIndexedDB(page, 'text', text, 'nested text'),
  },
  {
    name: 'bytes in IndexedDB',
    places: ['IndexedDB: planted/things'],
    form: 'hex',
    put: (page, text) => putInIndexedDB(page, 'bytes', text, 'bytes'),
  },
  {
    name: 'a key of IndexedDB',
    places: ['IndexedDB: planted/things'],
    form: 'base58',
    put: (page, text) => putInIndexedDB(page, text, '', 'nested text'),
  },
  {
    name: 'a CryptoKey in IndexedDB that can be exported',
    places: ['IndexedDB: planted/things'],
    form: 'hex',
    put: (page, text) => putInIndexedDB(page, 'key', text, 'key'),
  },
  {
    name: 'a cached response',
    places: ['Cache'],
    form: 'base64',
    put: (page, text) =>
      page.evaluate(
        async (text) => (await caches.open('planted')).put('/planted', new Response(`a ${text} b`)),
        text,
      ),
  },
  {
    name: 'a cookie',
    places: ['cookies'],
    form: 'base58',
    put: (page, text) => page.evaluate((text) => void (document.cookie = `planted=${text}`), text),
  },
  {
    name: 'a cookie that scripts cannot read',
    places: ['cookies'],
    form: 'hex',
    put: (page, value) =>
      page.context().addCookies([{ name: 'hidden', value, url: page.url(), httpOnly: true }]),
  },
  {
    name: 'an address of the history',
    places: ['history entries'],
    form: 'base64',
    put: (page, text) =>
      page.evaluate((text) => {
        const before = location.href;
        history.pushState(null, '', `#${encodeURIComponent(text)}`);
        history.pushState(null, '', before);
      }, text),
  },
  {
    name: 'a state of the history',
    places: ['history state'],
    form: 'hex',
    put: (page, text) => page.evaluate((text) => history.replaceState({ text }, ''), text),
  },
  {
    name: 'the URL',
    places: ['URL'],
    form: 'base58',
    put: (page, text) =>
      page.evaluate((text) => history.replaceState(history.state, '', `?planted=${text}`), text),
  },
  {
    name: 'text on the console',
    places: ['console'],
    form: 'hex',
    put: (page, text) => page.evaluate((text) => console.debug('planted', text), text),
  },
  {
    name: 'bytes in an object on the console',
    places: ['console'],
    form: 'hex',
    put: (page, text) =>
      page.evaluate(
        (bytes) => console.log('planted', { deep: { bytes: Uint8Array.from(bytes) } }),
        [...bytesOf(text)],
      ),
  },
  {
    name: 'the cause of an error on the console',
    places: ['console'],
    form: 'base58',
    put: (page, text) =>
      page.evaluate((text) => console.error(new Error('planted', { cause: new Error(text) })), text),
  },
  {
    name: 'an error that nobody caught',
    places: ['console'],
    form: 'base64',
    put: (page, text) => page.evaluate((text) => reportError(new Error(text)), text),
  },
  {
    name: 'text in a WebSocket, there and back',
    places: ['WebSocket sent', 'WebSocket received'],
    form: 'base58',
    put: (page, text, echo) => sayBySocket(page, echo, text),
  },
  {
    name: 'bytes in a WebSocket, there and back',
    places: ['WebSocket sent', 'WebSocket received'],
    form: 'hex',
    put: (page, text, echo) => sayBySocket(page, echo, [...bytesOf(text)]),
  },
  {
    name: 'the address of a WebSocket',
    places: ['WebSocket handshake'],
    form: 'base58',
    put: (page, text, echo) => sayBySocket(page, `${echo}/${text}`, ''),
  },
  {
    name: 'the address of a request',
    places: ['HTTP request'],
    form: 'base58',
    put: (page, text, echo) => page.evaluate((url) => fetch(url).then(() => {}), `http://${echo}/${text}`),
  },
  {
    name: 'a header of a request and of its response',
    places: ['HTTP request', 'HTTP response: head'],
    form: 'hex',
    put: (page, text, echo) =>
      page.evaluate(([url, text]) => fetch(url, { headers: { 'x-say': text } }).then(() => {}), [
        `http://${echo}/`,
        text,
      ] as const),
  },
  {
    name: 'the body of a request and of its response',
    places: ['HTTP request', 'HTTP response: body'],
    form: 'base64',
    put: (page, text, echo) =>
      page.evaluate(([url, body]) => fetch(url, { method: 'POST', body }).then((said) => said.text()), [
        `http://${echo}/`,
        text,
      ] as const),
  },
];

function putInIndexedDB(
  page: Page,
  key: string,
  text: string,
  as: 'nested text' | 'bytes' | 'key',
): Promise<void> {
  return page.evaluate(
    async ([key, text, bytes, as]) => {
      const value =
        as === 'nested text'
          ? { deep: [new Map([['a', text]])] }
          : as === 'bytes'
            ? { deep: Uint8Array.from([1, 2, ...bytes]).subarray(1) }
            : await crypto.subtle.importKey('raw', Uint8Array.from(bytes), 'AES-GCM', true, ['encrypt']);
      await new Promise<void>((resolve, reject) => {
        const request = indexedDB.open('planted');
        request.onerror = () => reject(new Error('The database was not opened.'));
        request.onupgradeneeded = () => request.result.createObjectStore('things');
        request.onsuccess = () => {
          const transaction = request.result.transaction('things', 'readwrite');
          transaction.objectStore('things').put(value, key);
          transaction.onabort = () => reject(new Error('Nothing was written.'));
          transaction.oncomplete = () => {
            request.result.close();
            resolve();
          };
        };
      });
    },
    [key, text, [...bytesOf(text)], as] as const,
  );
}

function sayBySocket(page: Page, address: string, what: string | readonly number[]): Promise<void> {
  return page.evaluate(
    ([address, what]) =>
      new Promise<void>((resolve, reject) => {
        const socket = new WebSocket(`ws://${address}`);
        socket.onerror = () => reject(new Error('The echo does not answer.'));
        socket.onopen = () => socket.send(typeof what === 'string' ? what : Uint8Array.from(what));
        socket.onmessage = () => {
          socket.close();
          resolve();
        };
      }),
    [address, what] as const,
  );
}
