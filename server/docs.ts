/** `/openapi.json`, and `/docs`, which shows it with files of this machine only. Neither needs a key. */
import path from 'node:path';
import express, { Router } from 'express';
import helmet from 'helmet';
import { onlyMethods } from './methods';
import { describeApi } from './openapi';

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Outcall API</title>
    <link rel="stylesheet" href="/docs/files/swagger-ui.css">
    <link rel="icon" href="/docs/files/favicon-32x32.png">
  </head>
  <body>
    <div id="page"></div>
    <script src="/docs/files/swagger-ui-bundle.js"></script>
    <script src="/docs/show.js"></script>
  </body>
</html>
`;

const SHOW = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#page', deepLinking: true, validatorUrl: null });\n`;

export function docsRoutes(publicUrl: string): Router {
  const router = Router();
  const files = path.dirname(require.resolve('swagger-ui-dist/package.json'));
  let document: object | undefined;
  router
    .route('/openapi.json')
    .get((_request, response) => {
      response.json((document ??= describeApi(publicUrl)));
    })
    .all(onlyMethods('GET', 'HEAD'));
  // The page draws its icons from data: URLs and styles itself; over plain HTTP nothing may be upgraded to HTTPS.
  const directives = {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'", new URL(publicUrl).origin],
  };
  router.use('/docs', helmet.contentSecurityPolicy({ useDefaults: false, directives }));
  router
    .route('/docs')
    .get((_request, response) => {
      response.type('html').send(PAGE);
    })
    .all(onlyMethods('GET', 'HEAD'));
  router
    .route('/docs/show.js')
    .get((_request, response) => {
      response.type('js').send(SHOW);
    })
    .all(onlyMethods('GET', 'HEAD'));
  router.use('/docs/files', express.static(files, { index: false, redirect: false, cacheControl: false }));
  return router;
}
