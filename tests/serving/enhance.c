/* Enhances a photograph through TensorFlow's C API, as a server in C++ would.

   enhance MODEL INPUT_OPERATION OUTPUT_OPERATION OUTPUT_INDEX SOURCE TARGET */

#include <stdio.h>
#include <stdlib.h>

#include "tensorflow/c/c_api.h"

static void check(TF_Status *status) {
  if (TF_GetCode(status) == TF_OK) return;
  fprintf(stderr, "%s\n", TF_Message(status));
  exit(1);
}

static void free_string(void *data, size_t length, void *argument) {
  TF_TString_Dealloc(data);
  free(data);
}

/* A tensor of one string: the content of a file. */
static TF_Tensor *read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) exit(2);
  fseek(file, 0, SEEK_END);
  size_t size = ftell(file);
  rewind(file);
  char *content = malloc(size);
  if (fread(content, 1, size, file) != size) exit(2);
  fclose(file);
  TF_TString *string = malloc(sizeof(TF_TString));
  TF_TString_Init(string);
  TF_TString_Copy(string, content, size);
  free(content);
  const int64_t shape[] = {1};
  return TF_NewTensor(TF_STRING, shape, 1, string, sizeof(TF_TString), free_string, NULL);
}

int main(int count, char **arguments) {
  if (count != 7) return 2;
  TF_Status *status = TF_NewStatus();
  TF_Graph *graph = TF_NewGraph();
  TF_SessionOptions *options = TF_NewSessionOptions();
  const char *tags[] = {"serve"};
  TF_Session *session = TF_LoadSessionFromSavedModel(options, NULL, arguments[1], tags, 1,
                                                     graph, NULL, status);
  check(status);
  TF_Output input = {TF_GraphOperationByName(graph, arguments[2]), 0};
  TF_Output output = {TF_GraphOperationByName(graph, arguments[3]), atoi(arguments[4])};
  if (input.oper == NULL || output.oper == NULL) return 3;
  TF_Tensor *source = read_file(arguments[5]);
  TF_Tensor *target = NULL;
  TF_SessionRun(session, NULL, &input, &source, 1, &output, &target, 1, NULL, 0, NULL,
                status);
  check(status);
  const TF_TString *enhanced = TF_TensorData(target);
  FILE *file = fopen(arguments[6], "wb");
  if (file == NULL) return 2;
  size_t size = TF_TString_GetSize(enhanced);
  if (fwrite(TF_TString_GetDataPointer(enhanced), 1, size, file) != size) return 2;
  return fclose(file);
}
