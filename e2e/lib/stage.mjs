// What a file of tests plays on: the program, a Chromium, and, where
// third-party content matters, a stand-in for the third party.
import { rm } from 'node:fs/promises';
import { launch } from './browser.mjs';
import { operatorFolder, start } from './server.mjs';
import { thirdParty } from './thirdparty.mjs';

// setUp starts what is asked for and returns { server, browser, stats, end };
// end takes down all of it. What fails on the way takes down the rest: a
// program left running would keep the runner of the tests waiting for it.
export async function setUp({ operator, chromium = true, analytics = false } = {}) {
  const ends = [];
  const stage = { end: async () => { for (const stop of ends.splice(0).reverse()) await stop(); } };
  try {
    if (analytics) {
      const stats = await thirdParty();
      ends.push(stats.close);
      stage.stats = stats;
      const folder = await operatorFolder('invoco', { 'policy.yaml': stats.edit });
      ends.push(() => rm(folder, { recursive: true, force: true }));
      operator = folder;
    }
    stage.server = await start({ operator });
    ends.push(stage.server.stop);
    if (chromium) {
      stage.browser = await launch();
      ends.push(() => stage.browser.close());
    }
    return stage;
  } catch (err) {
    await stage.end();
    throw err;
  }
}
