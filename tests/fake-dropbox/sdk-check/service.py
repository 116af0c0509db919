"""Starts fake-dropbox with TLS and gives out SDK clients that talk to it.

The SDK reads its host names from the environment when it is imported, so this module imports it only
after the service is up. Its decoder is made strict: an answer with a field or a tag that Dropbox's own
specification does not know fails, and so does one that lacks a required field.
"""

import json
import logging
import os
import subprocess

import requests


class Service:
    """A running fake-dropbox."""

    def __init__(self, binary):
        redirect = "http://localhost:53682/"
        command = [binary, "--tls", "--app", "sdkkey:sdksecret@" + redirect]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("fake-dropbox did not start")
        ready = json.loads(line)
        self.url = ready["url"]
        self.certificate = ready["certificate"]
        self.refresh_token = ready["refresh_token"]
        self.email, self.password = ready["email"], ready["password"]
        self.app_key, self.app_secret, self.redirect = "sdkkey", "sdksecret", redirect
        self.sdk = self._import_sdk()
        self.web = requests.Session()
        self.web.verify = self.certificate

    def _import_sdk(self):
        host = self.url.split("://")[1]
        for name in ("API", "CONTENT", "NOTIFY", "WEB"):
            variable = "DROPBOX_WEB_HOST" if name == "WEB" else "DROPBOX_API_" + name + "_HOST"
            os.environ[variable.replace("API_API", "API")] = host
        os.environ["REQUESTS_CA_BUNDLE"] = self.certificate
        import dropbox
        from dropbox import dropbox_client

        # Its warnings are about retries and refreshes that the checks provoke.
        logging.getLogger("dropbox").setLevel(logging.ERROR)
        serializers = dropbox_client.stone_serializers
        decode = serializers.json_compat_obj_decode

        def strict_decode(data_type, obj, *args, **kwargs):
            kwargs["strict"] = True
            return decode(data_type, obj, *args, **kwargs)

        serializers.json_compat_obj_decode = strict_decode
        return dropbox

    def session(self):
        return self.sdk.create_session(ca_certs=self.certificate)

    def client(self, refresh_token=None, access_token=None, **more):
        """A client that never retries, so that each answer is seen."""
        return self.sdk.Dropbox(
            oauth2_access_token=access_token,
            oauth2_refresh_token=None if access_token else refresh_token or self.refresh_token,
            app_key=self.app_key,
            app_secret=self.app_secret,
            max_retries_on_error=0,
            max_retries_on_rate_limit=0,
            session=self.session(),
            **more,
        )

    def control(self, name, **fields):
        """Acts through the service's own controls."""
        answer = self.web.post(self.url + "/control/" + name, json=fields)
        if answer.status_code != 200:
            raise AssertionError("/control/%s: %s" % (name, answer.text))
        return answer.json()

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Context:
    """What each check is given."""

    def __init__(self, service):
        self.service = service
        self.sdk = service.sdk
        self.files = service.sdk.files
        self.dbx = service.client()

    def refused(self, call, *args, **kwargs):
        """Returns the typed error of a call that must answer 409."""
        try:
            result = call(*args, **kwargs)
        except self.sdk.exceptions.ApiError as error:
            return error.error
        raise AssertionError("expected an error, got %r" % (result,))

    def upload(self, path, data=b"x", **more):
        return self.dbx.files_upload(data, path, **more)

    def wait(self, launch, check):
        """Polls a job, or takes what is there at once; returns the complete result."""
        if not launch.is_async_job_id():
            return launch.get_complete()
        job = launch.get_async_job_id()
        for _ in range(100):
            status = check(job)
            if status.is_complete():
                return status.get_complete()
            assert status.is_in_progress(), status
        raise AssertionError("the job never ends")
