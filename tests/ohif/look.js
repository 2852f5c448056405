// Opens a study in OHIF as a reader would, puts one derived series over the picture, and takes what the canvas shows.
//
//     look.js PLAYWRIGHT_FOLDER CHROMIUM PAGE STUDY_UID (seg|pm) SERIES_DESCRIPTION OUT
//
// writes OUT.picture.png and OUT.overlay.png (the canvas with the picture, and with nothing but the overlay), OUT.page.png (the whole
// page, as a reader sees it), and OUT.json: where OHIF says that the source's pixels lie on the canvas, and in which colours.
const { writeFileSync } = require('node:fs');
const [playwright, chromium, page_url, study, kind, series, out] = process.argv.slice(2);
const WAIT_MS = 60_000;

const FLAGS = [
  '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--use-angle=swiftshader', '--enable-unsafe-swiftshader',
];

// What follows runs within the page. OHIF puts its services into the window; a viewport's own geometry comes from there.
const viewport = () => window.cornerstone.getRenderingEngines()[0]?.getViewports()[0];
const inPage = [viewport].map(part => `window.${part.name} = ${part};`).join('\n');

async function capture(page, name) {
  let taken;
  // Drawn for good once two pictures in a row are the same.
  for (let before = null; !taken || taken.url !== before; await page.waitForTimeout(250)) {
    before = taken?.url;
    taken = await page.evaluate(() => {
      const view = window.viewport();
      view.render();
      const { imageData } = view.getImageData();
      const scale = view.canvas.width / view.canvas.clientWidth;
      const at = index => view.worldToCanvas(imageData.indexToWorld(index)).map(v => v * scale);
      const placed = { origin: at([0, 0, 0]), right: at([1, 0, 0]), down: at([0, 1, 0]) };
      return { url: view.canvas.toDataURL('image/png'), placed };
    });
  }
  writeFileSync(`${out}.${name}.png`, Buffer.from(taken.url.split(',')[1], 'base64'));
  return taken.placed;
}

async function segmentation(page) {
  await page.getByText(series, { exact: true }).dblclick();
  await page.locator('[data-cy=yes-hydrate-btn]').click();
  await page.waitForFunction(() => {
    const view = window.viewport();
    const { segmentationService } = window.services;
    return view && segmentationService.getSegmentationRepresentations(view.id).length > 0;
  });
  await page.locator('[data-cy=yes-hydrate-btn]').waitFor({ state: 'detached' });
  await capture(page, 'picture');
  await page.screenshot({ path: `${out}.page.png` });
  // The reader's own window, so far up that the picture is black: what is left are the segments' colours.
  await page.evaluate(() => window.viewport().setProperties({ voiRange: { lower: 1e6, upper: 1e6 + 1 } }));
  const segments = await page.evaluate(() => {
    const { segmentationService } = window.services;
    const [shown] = segmentationService.getSegmentationRepresentations(window.viewport().id);
    const { segments } = segmentationService.getSegmentation(shown.segmentationId);
    return Object.values(shown.segments).map(({ segmentIndex, color }) => ({
      label: segments[segmentIndex].label, colour: [...color],
    }));
  });
  return { placed: await capture(page, 'overlay'), segments };
}

async function parametricMap(page) {
  await page.getByText(series, { exact: true }).dblclick();
  await page.waitForFunction(() => window.viewport()?.getActors?.().length === 2);
  await page.screenshot({ path: `${out}.page.png` });
  // The reader's own choices: grey instead of many colours, opaque, and the whole range, so that brightness is the value.
  const look = opacity => page.evaluate(opacity => {
    const view = window.viewport();
    const map = view.getAllVolumeIds().find(id => id.includes('pmap'));
    const [lower, upper] = window.cornerstone.cache.getVolume(map).voxelManager.getRange();
    view.setProperties({ colormap: { name: 'Grayscale', opacity }, voiRange: { lower, upper } }, map);
    return { lower, upper };
  }, opacity);
  await look(0);
  await capture(page, 'picture');
  const range = await look(1);
  return { placed: await capture(page, 'overlay'), range };
}

async function main() {
  const { chromium: browsers } = require(playwright);
  const browser = await browsers.launch({ executablePath: chromium, args: FLAGS, chromiumSandbox: false });
  try {
    const page = await browser.newPage({ viewport: { width: 1800, height: 1400 } });
    page.setDefaultTimeout(WAIT_MS);
    page.on('pageerror', error => console.error('OHIF:', String(error).slice(0, 300)));
    page.on('console', said => said.type() === 'error' && console.error('OHIF:', said.text().slice(0, 300)));
    // Nobody outside of this machine is asked for anything.
    await page.route(url => !['127.0.0.1', ''].includes(url.hostname), route => route.abort());
    await page.addInitScript(`${inPage}
      localStorage.setItem('shownTours', '["basicViewerTour"]');`);
    await page.goto(`${page_url}/viewer?StudyInstanceUIDs=${study}`);
    await page.waitForFunction(() => window.cornerstone && window.viewport()?.getImageData?.());
    const found = kind === 'seg' ? await segmentation(page) : await parametricMap(page);
    writeFileSync(`${out}.json`, JSON.stringify(found, null, 1));
  } catch (error) {
    for (const page of browser.contexts().flatMap(context => context.pages())) {
      await page.screenshot({ path: `${out}.failed.png` }).catch(() => {});
    }
    throw error;
  } finally {
    await browser.close();
  }
}

main().catch(error => {
  console.error(String(error).slice(0, 2000));
  process.exit(1);
});
