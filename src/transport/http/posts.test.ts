import { describe, expect, it, vi } from 'vitest';
import { createPosts } from './posts.ts';

/** Requests that a test answers. */
function start() {
  const bodies: string[] = [];
  const answers: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const failed = vi.fn();
  const posts = createPosts({
    post(body) {
      bodies.push(new TextDecoder().decode(body));
      return new Promise<void>((resolve, reject) => answers.push({ resolve, reject }));
    },
    failed,
  });
  return { posts, bodies, answers, failed };
}
const turn = () => new Promise<void>((resolve) => setTimeout(resolve));

describe('posts', () => {
  it('batch the frames of one turn, and wait for the answer before the next request', async () => {
    const { posts, bodies, answers } = start();
    posts.send('a');
    posts.send('b\nc');
    await turn();
    posts.send('d');
    await turn();
    expect(bodies).toEqual(['a\nb\nc\n']);
    expect(posts.bufferedBytes).toBe(8);
    answers[0]?.resolve();
    await turn();
    expect(bodies).toEqual(['a\nb\nc\n', 'd\n']);
    expect(posts.bufferedBytes).toBe(2);
    answers[1]?.resolve();
    await turn();
    expect(posts.bufferedBytes).toBe(0);
    posts.send('e');
    await turn();
    expect(bodies[2]).toBe('e\n');
  });

  it('are limited by UTF-8 bytes and by count', async () => {
    const { posts, bodies, answers } = start();
    for (let count = 0; count < 3; count++) posts.send('é'.repeat(100_000));
    for (let count = 0; count < 1_500; count++) posts.send('x');
    for (let round = 0; round < 10; round++) {
      await turn();
      answers[round]?.resolve();
    }
    expect(bodies.map((body) => body.split('\n').length - 1)).toEqual([1, 1, 1_000, 501]);
    expect(posts.bufferedBytes).toBe(0);
  });

  it('carry a frame that is longer than a batch', async () => {
    const { posts, bodies } = start();
    posts.send('x'.repeat(1_000_000));
    await turn();
    expect(bodies[0]).toHaveLength(1_000_001);
  });

  it('stop at the first failure', async () => {
    const { posts, bodies, answers, failed } = start();
    posts.send('a');
    await turn();
    posts.send('b');
    answers[0]?.reject(new Error('lost'));
    await turn();
    posts.send('c');
    await turn();
    expect([bodies, failed.mock.calls.length, posts.bufferedBytes]).toEqual([['a\n'], 1, 6]);
    posts.end();
    expect(posts.bufferedBytes).toBe(0);
  });

  it('stop sending once ended', async () => {
    const { posts, bodies, answers } = start();
    posts.send('a');
    await turn();
    posts.send('b');
    posts.end();
    answers[0]?.resolve();
    await turn();
    posts.send('c');
    await turn();
    expect([bodies, posts.bufferedBytes]).toEqual([['a\n'], 0]);
  });
});
