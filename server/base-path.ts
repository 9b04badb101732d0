/** Under which every route of the API is but those for operators: health, the document and its page. */
export const BASE_PATH = '/aicallgo/api/v1/cold-call';
