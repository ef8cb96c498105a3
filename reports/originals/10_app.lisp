;; An app over HTTP with routes of its own, on Wookie, the HTTP server on top of cl-async.

(ql:quickload '(:wookie :blackbird))

(defpackage :app
  (:use :cl :wookie))
(in-package :app)

(defroute (:get "/") (req res)
  (declare (ignore req))
  (send-response res :body (format nil "hello, world~%")))

;; [stream] Counts to ten, a line each tenth of a second. A timer knows no responses: that the client hung up has to be
;; asked.
(defun count-to-ten (res stream next)
  (format stream "~d~%" next)
  (force-output stream)
  (if (= next 10)
      (finish-response res)
      (as:with-delay (1/10)
        (unless (as:socket-closed-p (get-socket res))
          (count-to-ten res stream (1+ next))))))

(defroute (:get "/count") (req res)
  (declare (ignore req))
  (count-to-ten res (start-response res) 1))

;; [routes] A resource is a regular expression, whose groups are the arguments.
(defroute (:get "/greet/([^/]+)") (req res args)
  (declare (ignore req))
  (send-response res :body (format nil "hello, ~a~%" (first args))))

;; [slowly] A hook that is not done when it returns holds the request until it is: the promise says when.
(add-hook :pre-route
          (lambda (req res)
            (declare (ignore res))
            (when (string= (request-resource req) "/greet/slowly")
              (blackbird:with-promise (resolve reject)
                (declare (ignorable reject))
                (as:with-delay (1/10) (resolve))))))

;; [listen] The listener is one of the things in the loop; there may be others.
(as:with-event-loop (:catch-app-errors t)
  (let ((server (start-server (make-instance 'listener :bind "127.0.0.1" :port 8080))))
    ;; [stop] What is under way goes on for as long as the loop does; nobody tells when it is finished.
    (as:signal-handler as:+sigterm+ (lambda (signo)
                                      (declare (ignore signo))
                                      (as:close-tcp-server server)
                                      (as:with-delay (15) (as:exit-event-loop))))))
