# The loop: one static program, nothing else. No base image is needed.
#
# The context holds linux/amd64/ and linux/arm64/, each with what is in the archive of that platform and the licences
# of what is in the program; docs/releasing.md says how to make it.
FROM scratch
ARG TARGETPLATFORM
COPY ${TARGETPLATFORM}/kubectl-acmbackup /kubectl-acmbackup
COPY ${TARGETPLATFORM}/LICENSE ${TARGETPLATFORM}/*third-party-licences.txt /licenses/
USER 65532:65532
ENTRYPOINT ["/kubectl-acmbackup"]
CMD ["run"]
