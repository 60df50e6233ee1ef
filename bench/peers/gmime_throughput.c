/* Reads messages with GMime as MimeThroughput.cs does, and prints the same line:
   mode, octets, messages, median CPU seconds of a round, octets decoded, peak memory in KiB.
   gmime_throughput parse|decode SECONDS FILE...  (cc -O2 gmime_throughput.c $(pkg-config --cflags --libs gmime-3.0)) */
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static size_t decoded;

static double cpu(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static void leaf(GMimeObject *parent, GMimeObject *part, gpointer data)
{
    (void)parent, (void)data;
    if (GMIME_IS_TEXT_PART(part)) {
        char *text = g_mime_text_part_get_text(GMIME_TEXT_PART(part));
        if (text)
            decoded += strlen(text);
        g_free(text);
    } else if (GMIME_IS_PART(part)) {
        GMimeDataWrapper *content = g_mime_part_get_content(GMIME_PART(part));
        GMimeStream *null = g_mime_stream_null_new();
        if (content)
            decoded += g_mime_data_wrapper_write_to_stream(content, null);
        g_object_unref(null);
    }
}

static void headers(GMimeMessage *message)
{
    InternetAddressList *lists[] = {g_mime_message_get_from(message), g_mime_message_get_to(message), g_mime_message_get_cc(message)};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        char *text = lists[i] ? internet_address_list_to_string(lists[i], NULL, FALSE) : NULL;
        decoded += text ? strlen(text) : 0;
        g_free(text);
    }
    const char *subject = g_mime_message_get_subject(message);
    decoded += subject ? strlen(subject) : 0;
    decoded += g_mime_message_get_date(message) != NULL;
    decoded += g_mime_message_get_message_id(message) != NULL;
}

static void read_message(GByteArray *raw, int decode)
{
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(raw);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    if (message && decode) {
        headers(message);
        g_mime_message_foreach(message, leaf, NULL);
    }
    if (message)
        g_object_unref(message);
    g_object_unref(parser);
    g_object_unref(stream);
}

static int ascending(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 64;
    int decode = strcmp(argv[1], "decode") == 0, files = argc - 3, rounds = 0;
    double seconds = atof(argv[2]), times[10000];
    GByteArray **raw = calloc(files, sizeof *raw);
    size_t octets = 0;
    g_mime_init();
    for (int i = 0; i < files; i++) {
        char *bytes;
        gsize length;
        if (!g_file_get_contents(argv[i + 3], &bytes, &length, NULL))
            return 66;
        raw[i] = g_byte_array_new_take((guint8 *)bytes, length);
        octets += length;
    }
    double begun = cpu();
    while (rounds < 10000 && (rounds < 3 || cpu() - begun < seconds)) {
        double start = cpu();
        decoded = 0;
        for (int i = 0; i < files; i++)
            read_message(raw[i], decode);
        times[rounds++] = cpu() - start;
    }
    int warm = rounds / 2; /* The first half warms up, as everywhere here. */
    qsort(times + warm, rounds - warm, sizeof *times, ascending);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%s\t%zu\t%d\t%.9f\t%zu\t%ld\t\n", argv[1], octets, files, times[warm + (rounds - warm) / 2], decoded, usage.ru_maxrss);
    return 0;
}
