import { expect, test } from 'vitest';
import { engineFact } from './engine-facts.ts';

const webKit = 'AppleWebKit/605.1.15 (KHTML, like Gecko)';
const onMac = (version: string) =>
  `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webKit} Version/${version} Safari/605.1.15`;
const onIPhone = (os: string, rest: string) =>
  `Mozilla/5.0 (iPhone; CPU iPhone OS ${os} like Mac OS X) ${webKit} ${rest}`;
const chrome = (version: string, rest = '') =>
  `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version} Safari/537.36${rest}`;

test.each([
  ['Chrome 116', chrome('116.0.0.0'), undefined],
  ['Chrome 115', chrome('115.0.0.0'), 'no'],
  ['Edge', chrome('131.0.0.0', ' Edg/131.0.0.0'), undefined],
  ['Safari 26', onMac('26.1'), undefined],
  ['Safari 18.4', onMac('18.4'), undefined],
  ['Safari 18.10', onMac('18.10'), undefined],
  ['Safari 18.3', onMac('18.3.1'), 'doubtful'],
  ['Safari 18.0', onMac('18.0'), 'doubtful'],
  ['Safari 17', onMac('17.6'), 'no'],
  ['an iPhone', onIPhone('18_6', 'Version/26.0 Mobile/15E148 Safari/604.1'), undefined],
  ['an app on an iPhone’s home screen', onIPhone('18_6', 'Mobile/15E148'), undefined],
  ['Chrome on an older iPhone', onIPhone('18_2', 'CriOS/131.0 Mobile/15E148 Safari/604.1'), 'doubtful'],
  ['a page inside Facebook', onIPhone('18_6', 'Mobile/15E148 [FBAN/FBIOS;FBAV/400.0]'), 'no'],
  ['a page inside WeChat', chrome('131.0.0.0', ' MicroMessenger/8.0'), 'no'],
  ['a page inside Line', onIPhone('18_6', 'Mobile/15E148 Safari Line/14.0.0'), 'no'],
  ['a page inside Instagram', onIPhone('18_6', 'Mobile/15E148 Instagram 300.0.0.0'), 'no'],
  [
    'a page inside an Android app',
    'Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0.0.0 Mobile Safari/537.36',
    'no',
  ],
  [
    'Chrome on Android',
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36',
    undefined,
  ],
  [
    'a browser on Android with its own version number',
    'Mozilla/5.0 (Linux; Android 10) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0.0.0 Mobile Safari/537.36',
    undefined,
  ],
  ['Firefox 139', 'Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0', undefined],
  ['Firefox 138', 'Mozilla/5.0 (X11; Linux x86_64; rv:138.0) Gecko/20100101 Firefox/138.0', 'no'],
  ['Firefox 148 on Android', 'Mozilla/5.0 (Android 14; Mobile; rv:148.0) Gecko/148.0 Firefox/148.0', 'no'],
  [
    'Firefox 149 on Android',
    'Mozilla/5.0 (Android 14; Mobile; rv:149.0) Gecko/149.0 Firefox/149.0',
    undefined,
  ],
  ['Node', undefined, undefined],
  ['an unknown browser', 'Something/1.0', undefined],
])('of %s', (_, userAgent, prf) => {
  expect(engineFact(userAgent)?.prf).toBe(prf);
});
